//! What the authority can show later.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;
use world::{EMAIL, Fault, Holder, ISSUER, Setup, TestCa};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The audit events of one request, as a log collector would read them.
async fn events(setup: Setup) -> Vec<Value> {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(lines.clone())
        .finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let ca = TestCa::with(setup).await;
    let (token, holder) = (ca.issuer.token().await, Holder::p256());
    ca.post(
        "/api/v2/signingCert",
        Some(&token),
        &holder.request(EMAIL).await,
    )
    .await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        !text.contains(&token),
        "a token is a secret for as long as it lives"
    );
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let audit = lines.filter(|line| line["target"] == "audit");
    audit
        .map(|line| serde_json::from_str(line["fields"]["event"].as_str().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn says_what_will_be_signed_and_what_was() {
    let events = events(Setup::default()).await;
    let [intended, issued] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&intended["stage"], &issued["stage"]),
        (&"intended".into(), &"issued".into())
    );
    for (field, expected) in [
        ("issuer", ISSUER),
        ("subject", "user-1"),
        ("identity", EMAIL),
        ("not_before", "2023-11-14T22:13:20Z"),
        ("not_after", "2023-11-14T22:23:20Z"),
    ] {
        assert_eq!(intended[field], expected);
        assert_eq!(issued[field], expected);
    }
    assert_eq!(intended["serial"], issued["serial"]);
    assert!(intended.get("certificate").is_none());
    assert_eq!(issued["certificate"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn an_intention_without_a_certificate_stays_recorded() {
    for setup in [
        Setup {
            signer_fails: true,
            ..Setup::default()
        },
        Setup {
            fault: Fault::Unreachable,
            ..Setup::default()
        },
    ] {
        let events = events(setup).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["stage"], "intended");
    }
}
