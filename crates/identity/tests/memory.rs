//! What the tokens of strangers cost in memory while they are judged. One test, because it counts what the whole process
//! takes.

#![expect(clippy::panic, reason = "a test stops at what it did not expect")]

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peak_alloc::PeakAlloc;
use sigstead_identity::{
    DocumentRequest, Error, Fetch, FetchError, Issuers, IssuersConfig, MAX_TOKEN_BYTES,
};
use time::OffsetDateTime;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

struct Nobody;

#[async_trait]
impl Fetch for Nobody {
    async fn fetch(&self, _request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        panic!("none of these tokens names an issuer")
    }
}

/// CVE-2025-66506: one part of a token for each of its dots took memory. CVE-2025-59043, CVE-2025-6203: so did JSON that is deep,
/// or has many members. What is longer than a token costs nothing, and what is as long a small multiple of its length.
#[test]
fn a_token_costs_a_small_multiple_of_its_length_whatever_is_in_it() {
    let text = "oidc-issuers:\n  https://i.example.com: {client-id: sigstore, type: email}\n";
    let config = IssuersConfig::parse(text).unwrap();
    let issuers = Issuers::new(config, Arc::new(Nobody)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let cost = |token: &str| {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let refused = runtime.block_on(issuers.verify(token, now)).unwrap_err();
        (MEMORY.peak_usage().saturating_sub(before), refused)
    };
    let longest = |unit: &str| unit.repeat(MAX_TOKEN_BYTES / unit.len());
    for (name, token) in [
        ("a million dots", ".".repeat(1 << 20)),
        ("a million letters", "a".repeat(1 << 20)),
        ("a million parts", "a.".repeat(1 << 19)),
        ("dots", longest(".")),
        ("parts", longest("a.")),
    ] {
        let (bytes, refused) = cost(&token);
        assert!(bytes < 4_096, "{name}: {bytes} bytes");
        let is_it = matches!(
            refused,
            Error::TokenTooLarge { .. } | Error::TokenMalformed(_)
        );
        assert!(is_it, "{name}: {refused}");
    }
    let signed = |payload: &str| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        let token = format!("{header}.{}.AAAA", URL_SAFE_NO_PAD.encode(payload));
        assert!(token.len() <= MAX_TOKEN_BYTES && token.len() > MAX_TOKEN_BYTES / 2);
        token
    };
    let units = |unit: &str| vec![unit; 12_000 / (unit.len() + 1)].join(",");
    for (name, payload) in [
        ("deep lists", "[".repeat(12_000)),
        ("deep objects", r#"{"a":"#.repeat(2_400)),
        ("numbers", format!(r#"{{"a":[{}]}}"#, units("0"))),
        ("empty lists", format!(r#"{{"a":[{}]}}"#, units("[]"))),
        ("empty objects", format!(r#"{{"a":[{}]}}"#, units("{}"))),
        ("objects", format!(r#"{{"a":[{}]}}"#, units(r#"{"":0}"#))),
        ("a text", format!(r#"{{"a":"{}"}}"#, "a".repeat(12_000))),
        (
            "escapes",
            format!(r#"{{"a":"{}"}}"#, r"\u0001".repeat(2_000)),
        ),
    ] {
        let token = signed(&payload);
        let (bytes, refused) = cost(&token);
        println!("{name}: {bytes} bytes for {}", token.len());
        assert!(
            bytes < MOST_TIMES * MAX_TOKEN_BYTES,
            "{name}: {bytes} bytes"
        );
        let is_it = matches!(
            refused,
            Error::ClaimMissing { .. } | Error::TokenMalformed(_)
        );
        assert!(is_it, "{name}: {refused}");
    }
}

/// Small objects are the dearest: each takes the room of a node of a tree.
const MOST_TIMES: usize = 96;
