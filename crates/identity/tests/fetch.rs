//! The HTTP client for issuers' documents, against a server that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::get;
use sigstead_identity::{
    DocumentRequest, Fetch, FetchError, FetchOptions, HttpFetch, IssuerConfig, IssuerType,
    IssuersConfig, MAX_DOCUMENT_BYTES, NamedBy, Reach,
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
        .route("/endless", get(async || endless(Duration::ZERO)))
        .route("/drip", get(async || endless(Duration::from_millis(10))))
        .route("/missing", get(async || StatusCode::NOT_FOUND))
        .route("/created", get(async || (StatusCode::CREATED, "{}")))
        .route("/moved", get(async || Redirect::temporary("/good")))
        .route("/credential", get(credential))
        .route("/away", get(async move || Redirect::temporary(&elsewhere)))
        .route("/never", get(async || std::future::pending::<()>().await));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://127.0.0.1:{port}")
}

/// A body that goes on for ever, with a pause before each part.
fn endless(pause: Duration) -> Body {
    let bytes = if pause.is_zero() { 4_096 } else { 1 };
    let parts = futures::stream::unfold(pause, move |pause| async move {
        tokio::time::sleep(pause).await;
        Some((Ok::<_, Infallible>(vec![b' '; bytes]), pause))
    });
    Body::from_stream(parts)
}

async fn credential(headers: HeaderMap) -> String {
    let shown = headers.get("authorization");
    shown
        .map_or("none", |value| value.to_str().unwrap())
        .to_owned()
}

fn http_fetch() -> HttpFetch {
    let options = FetchOptions {
        timeout: Duration::from_millis(500),
        ..FetchOptions::default()
    };
    HttpFetch::new(&options, &IssuersConfig::default()).unwrap()
}

fn anywhere(url: &Url) -> DocumentRequest<'_> {
    DocumentRequest {
        url,
        ca_cert: "",
        reach: Reach::Anywhere,
        named_by: NamedBy::Operator,
        bearer: None,
    }
}

/// CVE-2026-49478: another authority followed redirects from the documents of issuers, to wherever they led.
#[tokio::test]
async fn takes_honest_documents_and_refuses_the_rest() {
    let base = serve().await;
    let fetch = http_fetch();
    for (path, expected) in [
        ("good", "2 bytes"),
        ("largest", "262144 bytes"),
        ("larger", "too large"),
        ("endless", "too large"),
        ("drip", "unreachable"),
        ("missing", "status 404"),
        ("created", "status 201"),
        ("moved", "redirected"),
        ("away", "redirected"),
        ("never", "unreachable"),
    ] {
        let url = Url::parse(&format!("{base}/{path}")).unwrap();
        let found = match fetch.fetch(anywhere(&url)).await {
            Ok(body) => format!("{} bytes", body.len()),
            Err(FetchError::TooLarge { .. }) => "too large".to_owned(),
            Err(FetchError::Status { status, .. }) => format!("status {status}"),
            Err(FetchError::Redirected { .. }) => "redirected".to_owned(),
            Err(FetchError::Private { .. }) => "private".to_owned(),
            Err(FetchError::Unreachable { .. }) => "unreachable".to_owned(),
        };
        assert_eq!(found, expected, "{path}");
    }
}

/// The server answers both, so nothing but the address refuses.
#[tokio::test]
async fn a_document_of_the_internet_is_not_fetched_from_this_host() {
    let base = serve().await;
    let fetch = http_fetch();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("{base}/good").replace("127.0.0.1", host);
        let url = Url::parse(&url).unwrap();
        fetch.fetch(anywhere(&url)).await.unwrap();
        let public = DocumentRequest {
            reach: Reach::Public,
            ..anywhere(&url)
        };
        let error = fetch.fetch(public).await.unwrap_err();
        let FetchError::Private { source, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(source.host, host);
        assert!(source.address.is_loopback());
    }
}

#[tokio::test]
async fn a_credential_is_shown_only_where_it_is_meant_to_be() {
    let base = serve().await;
    let url = Url::parse(&format!("{base}/credential")).unwrap();
    let fetch = http_fetch();
    assert_eq!(fetch.fetch(anywhere(&url)).await.unwrap(), b"none");
    let shown = DocumentRequest {
        bearer: Some("secret"),
        ..anywhere(&url)
    };
    assert_eq!(fetch.fetch(shown).await.unwrap(), b"Bearer secret");
    assert!(!format!("{shown:?}").contains("secret"));
}

#[test]
fn an_unreadable_authority_is_found_when_the_client_is_made() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let issuer = IssuerConfig {
        ca_cert: broken.to_owned(),
        ..IssuerConfig::new("https://issuer.example", "sigstore", IssuerType::Email)
    };
    let issuers = IssuersConfig::default().with_issuer(issuer);
    assert!(HttpFetch::new(&FetchOptions::default(), &issuers).is_err());
}
