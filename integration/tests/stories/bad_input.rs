//! Garbage is answered with the status and the body that the contract names, and never with a 500.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use sigstead_integration::shared;

/// One request, and what must come back.
struct Case {
    service: &'static str,
    method: Method,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
}

#[tokio::test]
async fn every_refusal_has_its_status_and_a_body_that_says_why() {
    let http = Client::new();
    for case in cases() {
        let url = format!("{}{}", shared().url(case.service), case.path);
        let answer = http
            .request(case.method.clone(), &url)
            .header("content-type", case.content_type)
            .body(case.body.clone())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert_eq!(status, case.status, "{} {url}: {text}", case.method);
        assert!(!text.is_empty(), "{} {url} says nothing", case.method);
        if ["ca", "tlog"].contains(&case.service) {
            let json: Value =
                serde_json::from_str(&text).unwrap_or_else(|_| panic!("{url}: {text}"));
            assert!(
                json["code"].is_u64() && json["message"].is_string(),
                "{url}: {json}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_with_the_limit() {
    let http = Client::new();
    for (service, path) in [
        ("ca", "/api/v2/signingCert"),
        ("tlog", "/api/v2/log/entries"),
        ("ctlog", "/ct/v1/add-pre-chain"),
        ("tsa", "/api/v1/timestamp"),
        ("oidc", "/token"),
    ] {
        let url = match service {
            "oidc" => token_endpoint(&http).await,
            _ => format!("{}{path}", shared().url(service)),
        };
        let answer = http
            .post(&url)
            .header("content-type", "application/json")
            .body(vec![b'a'; 5 << 20])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{url}");
        let text = answer.text().await.unwrap();
        assert!(
            text.chars().any(|char| char.is_ascii_digit()),
            "{url}: {text}"
        );
    }
}

async fn token_endpoint(http: &Client) -> String {
    let url = format!("{}/.well-known/openid-configuration", shared().url("oidc"));
    let text = http.get(url).send().await.unwrap().text().await.unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    json["token_endpoint"].as_str().unwrap().to_owned()
}

fn cases() -> Vec<Case> {
    let case = |service, method, path, content_type, body: &[u8], status| Case {
        service,
        method,
        path,
        content_type,
        body: body.to_vec(),
        status,
    };
    let json = "application/json";
    let query = "application/timestamp-query";
    let garbage = [0xff, 0x00, 0x7f];
    let token =
        br#"{"credentials":{"oidcIdentityToken":"a.b.c"},"certificateSigningRequest":"AAAA"}"#;
    let entry = br#"{"hashedRekordRequestV002":{"digest":"AAAA","signature":{"content":"AAAA","verifier":{"publicKey":{"rawBytes":"AAAA"},"keyDetails":"PKIX_ECDSA_P256_SHA_256"}}}}"#;
    vec![
        case(
            "ca",
            Method::POST,
            "/api/v2/signingCert",
            json,
            &garbage,
            400,
        ),
        case("ca", Method::POST, "/api/v2/signingCert", json, b"{}", 400),
        case("ca", Method::POST, "/api/v2/signingCert", json, token, 400),
        case(
            "ca",
            Method::POST,
            "/api/v1/signingCert",
            json,
            &garbage,
            400,
        ),
        case("ca", Method::DELETE, "/api/v2/trustBundle", json, b"", 405),
        case("ca", Method::GET, "/nowhere", json, b"", 404),
        case(
            "tlog",
            Method::POST,
            "/api/v2/log/entries",
            json,
            &garbage,
            400,
        ),
        case(
            "tlog",
            Method::POST,
            "/api/v2/log/entries",
            json,
            b"{}",
            400,
        ),
        case(
            "tlog",
            Method::POST,
            "/api/v2/log/entries",
            json,
            entry,
            400,
        ),
        case("tlog", Method::GET, "/api/v2/tile/0/x", json, b"", 404),
        case("tlog", Method::GET, "/tile/99/000", json, b"", 404),
        case(
            "ctlog",
            Method::POST,
            "/ct/v1/add-pre-chain",
            json,
            &garbage,
            400,
        ),
        case(
            "ctlog",
            Method::POST,
            "/ct/v1/add-chain",
            json,
            br#"{"chain":["AAAA"]}"#,
            400,
        ),
        case("ctlog", Method::GET, "/ct/v1/add-chain", json, b"", 405),
        case("ctlog", Method::GET, "/tile/data/x", json, b"", 404),
        case(
            "tsa",
            Method::POST,
            "/api/v1/timestamp",
            query,
            &garbage,
            400,
        ),
        case("tsa", Method::POST, "/api/v1/timestamp", json, b"{", 400),
        case(
            "tsa",
            Method::POST,
            "/api/v1/timestamp",
            "text/plain",
            b"x",
            415,
        ),
        case("tuf", Method::GET, "/99.root.json", json, b"", 404),
        case(
            "tuf",
            Method::GET,
            "/targets/..%2f..%2fpassphrase",
            json,
            b"",
            404,
        ),
        case("tuf", Method::GET, "/keys/snapshot.key", json, b"", 404),
        case("oidc", Method::GET, "/nowhere", json, b"", 404),
    ]
}
