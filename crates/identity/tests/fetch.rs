//! The HTTP client for issuers' documents, against a server that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use sigstead_identity::{
    Fetch, FetchError, FetchOptions, HttpFetch, IssuersConfig, MAX_DOCUMENT_BYTES,
};
use tokio::net::TcpListener;
use url::Url;

async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // The same server under another name is another host.
    let elsewhere = format!("http://localhost:{port}/good");
    let router = Router::new()
        .route("/good", get(async || "{}"))
        .route("/largest", get(async || vec![b' '; MAX_DOCUMENT_BYTES]))
        .route("/larger", get(async || vec![b' '; MAX_DOCUMENT_BYTES + 1]))
        .route("/missing", get(async || StatusCode::NOT_FOUND))
        .route("/created", get(async || (StatusCode::CREATED, "{}")))
        .route("/moved", get(async || Redirect::temporary("/good")))
        .route("/round", get(async || Redirect::temporary("/round")))
        .route("/away", get(async move || Redirect::temporary(&elsewhere)))
        .route("/never", get(async || std::future::pending::<()>().await));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://127.0.0.1:{port}")
}

#[tokio::test]
async fn takes_honest_documents_and_refuses_the_rest() {
    let base = serve().await;
    let options = FetchOptions {
        timeout: Duration::from_millis(500),
        ..FetchOptions::default()
    };
    let fetch = HttpFetch::new(&options, &IssuersConfig::default()).unwrap();
    for (path, expected) in [
        ("good", "2 bytes"),
        ("moved", "2 bytes"),
        ("largest", "262144 bytes"),
        ("larger", "too large"),
        ("missing", "status 404"),
        ("created", "status 201"),
        ("away", "status 307"),
        ("round", "status 307"),
        ("never", "unreachable"),
    ] {
        let url = Url::parse(&format!("{base}/{path}")).unwrap();
        let found = match fetch.fetch(&url, "").await {
            Ok(body) => format!("{} bytes", body.len()),
            Err(FetchError::TooLarge { .. }) => "too large".to_owned(),
            Err(FetchError::Status { status, .. }) => format!("status {status}"),
            Err(FetchError::Unreachable { .. }) => "unreachable".to_owned(),
        };
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn an_unreadable_authority_is_found_when_the_client_is_made() {
    let options = FetchOptions {
        extra_ca: Some(b"nonsense".to_vec()),
        ..FetchOptions::default()
    };
    let made = HttpFetch::new(&options, &IssuersConfig::default());
    // A bundle without certificates adds none; one with a broken certificate is refused.
    assert!(made.is_ok());
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let options = FetchOptions {
        extra_ca: Some(broken),
        ..FetchOptions::default()
    };
    assert!(HttpFetch::new(&options, &IssuersConfig::default()).is_err());
}
