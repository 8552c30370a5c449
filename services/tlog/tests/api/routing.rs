use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::world::{ORIGIN, OTHER_ORIGIN, TestTlog, post, request};

#[tokio::test]
async fn answers_wrong_methods_and_unknown_paths_in_the_gateway_style() {
    let tlog = TestTlog::new().await;
    let table = [
        (
            Method::GET,
            "/api/v2/log/entries",
            StatusCode::METHOD_NOT_ALLOWED,
            12,
        ),
        (
            Method::POST,
            "/api/v2/checkpoint",
            StatusCode::METHOD_NOT_ALLOWED,
            12,
        ),
        (Method::GET, "/api/v3/log/entries", StatusCode::NOT_FOUND, 5),
    ];
    for (method, path, status, code) in table {
        let request = Request::builder().method(method).uri(path);
        let answer = tlog.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json()["code"], code, "{path}");
        assert_eq!(answer.json()["details"], json!([]));
    }
    let answer = tlog.get("/api/v2/log/entries").await;
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn finds_the_log_by_the_host_name_of_its_origin() {
    let tlog = TestTlog::with_two_logs().await;
    let request = request(b"artifact").await;
    for (host, origin) in [
        ("LOG2027-1.rekor.example.com:443", OTHER_ORIGIN),
        (ORIGIN, ORIGIN),
        ("127.0.0.1:3000", ORIGIN),
    ] {
        let answer = tlog.send(post(host, request.to_string())).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.json()["logIndex"], "0", "{host}");
        tlog.verify_entry(origin, &answer.json());
    }
    let absolute = format!("http://{OTHER_ORIGIN}/checkpoint");
    let answer = tlog.get(&absolute).await;
    assert!(answer.text().starts_with(OTHER_ORIGIN));
}

#[tokio::test]
async fn serves_each_log_below_its_identifier() {
    let tlog = TestTlog::with_two_logs().await;
    for origin in [ORIGIN, OTHER_ORIGIN] {
        let id = hex::encode(tlog.verifier_key(origin).full_id());
        let answer = tlog.get(&format!("/logs/{id}/checkpoint")).await;
        assert!(answer.text().starts_with(origin));
    }
    for path in ["/logs/ab/checkpoint", "/logs/ab/tile/0/000"] {
        assert_eq!(tlog.get(path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn says_that_it_has_no_log_of_the_other_face() {
    let v2_only = TestTlog::new().await;
    let answer = v2_only.get("/api/v1/log").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("sigstead-code"), "E-TLOG-048");
    let v1_only = TestTlog::of_rekor_v1().await;
    for path in ["/checkpoint", "/api/v2/tile/0/000.p/1"] {
        let answer = v1_only.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.header("sigstead-code"), "E-TLOG-048");
    }
}

#[tokio::test]
async fn tells_that_it_lives() {
    let tlog = TestTlog::new().await;
    assert_eq!(
        tlog.get("/healthz").await.json(),
        json!({"status": "SERVING"})
    );
}
