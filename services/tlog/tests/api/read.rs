use axum::body::Body;
use http::{Request, StatusCode};

use crate::world::{ORIGIN, TestTlog, request};

#[tokio::test]
async fn serves_a_signed_checkpoint_of_the_empty_log() {
    let tlog = TestTlog::new().await;
    let answer = tlog.get("/checkpoint").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().starts_with(&format!(
        "{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
    )));
    tlog.verify_log().await;
}

#[tokio::test]
async fn serves_reads_under_both_addresses_with_their_headers() {
    let tlog = TestTlog::new().await;
    for index in 0..3_u64 {
        tlog.append(&request(&index.to_be_bytes()).await).await;
    }
    let table = [
        ("/checkpoint", "text/plain; charset=utf-8", "no-cache"),
        ("/tile/0/000.p/3", "application/octet-stream", IMMUTABLE),
        ("/tile/0/000.p/1", "application/octet-stream", IMMUTABLE),
        (
            "/tile/entries/000.p/3",
            "application/octet-stream",
            IMMUTABLE,
        ),
    ];
    for (path, content_type, caching) in table {
        let here = tlog.get(path).await;
        let there = tlog.get(&format!("/api/v2{path}")).await;
        assert_eq!(here.status, StatusCode::OK, "{path}");
        assert_eq!(here.body, there.body);
        for answer in [here, there] {
            assert_eq!(answer.header("content-type"), content_type, "{path}");
            assert_eq!(answer.header("cache-control"), caching, "{path}");
        }
        let head = Request::head(path).body(Body::empty()).unwrap();
        let head = tlog.send(head).await;
        assert_eq!(head.status, StatusCode::OK);
        assert!(head.body.is_empty());
    }
    assert_eq!(tlog.get("/tile/0/000.p/3").await.body.len(), 3 * 32);
    assert_eq!(tlog.get("/tile/0/000.p/1").await.body.len(), 32);
}

#[tokio::test]
async fn answers_404_for_what_is_no_tile_of_the_log() {
    let tlog = TestTlog::new().await;
    for index in 0..3_u64 {
        tlog.append(&request(&index.to_be_bytes()).await).await;
    }
    let table = [
        "/tile/0/000",
        "/tile/0/000.p/4",
        "/tile/0/000.p/0",
        "/tile/0/000.p/03",
        "/tile/0/001.p/1",
        "/tile/1/000.p/1",
        "/tile/64/000",
        "/tile/0/x000/000.p/3",
        "/tile/entries/000",
        "/tile/entries/000.p/4",
        "/tile/entries/001.p/1",
        "/tile/data/000.p/3",
        "/tile/0/../0/000.p/3",
        "/tile/x",
    ];
    for path in table {
        for base in ["", "/api/v2"] {
            let answer = tlog.get(&format!("{base}{path}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.header("sigstead-code"), "E-TLOG-010", "{path}");
            assert_eq!(answer.header("cache-control"), "", "{path}");
        }
    }
}

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
