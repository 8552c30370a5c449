//! Bodies that come a byte at a time, and requests without one host.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut connections = JoinSet::new();
    for stranger in 30..30 + CONNECTIONS {
        for (service, path) in [
            ("ca", "/api/v2/signingCert"),
            ("tlog", "/api/v2/log/entries"),
            ("ctlog", "/ct/v1/add-pre-chain"),
            ("tsa", "/api/v1/timestamp"),
            ("oidc", "/token"),
        ] {
            connections.spawn(drip(target, service, path, stranger));
            connections.spawn(without_host(target, service, stranger));
        }
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

/// It ends when the service refuses to wait any longer.
async fn drip(target: &Target, service: &str, path: &str, stranger: u8) {
    let Ok(mut stream) = target.connect(service, stranger).await else {
        return;
    };
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n");
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    let (mut answer, mut body) = stream.split();
    let mut answered = String::new();
    let drip = async {
        while body.write_all(b"x").await.is_ok() {
            tokio::time::sleep(DRIP).await;
        }
    };
    tokio::select! {
        _ = answer.read_to_string(&mut answered) => {}
        () = drip => {}
    }
    // Nothing is answered where the place of the connection was needed.
    let is_timely = answered.is_empty() || answered.starts_with("HTTP/1.1 408 ");
    assert!(is_timely, "{service}: {answered}");
}

async fn without_host(target: &Target, service: &str, stranger: u8) {
    let Ok(mut stream) = target.connect(service, stranger).await else {
        return;
    };
    let request = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    let mut answered = String::new();
    if stream.write_all(request).await.is_ok() {
        let _end = stream.read_to_string(&mut answered).await;
    }
    let is_refused = answered.is_empty() || answered.starts_with("HTTP/1.1 400 ");
    assert!(is_refused, "{service}: {answered}");
}

const CONNECTIONS: u8 = 8;
const DRIP: Duration = Duration::from_millis(200);
