//! The log over its router: submissions, tiles and other reads.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;

use crate::authorities::ephemeral;
use crate::world::{self, TestCtLog, sct, submission};

#[tokio::test]
async fn promises_what_it_has_logged() {
    let log = TestCtLog::new().await;
    for index in 0..3_u8 {
        let precertificate = log.authorities.precertificate(index).await;
        let sct = log.log(&precertificate).await;
        // RFC 6962 §3.5: no two heads have the same time, also on a clock that stands; the first is that of the empty log.
        let number = u64::from(index) + 1;
        assert_eq!(sct.timestamp_millis, 1_700_000_000_000 + number);
        assert_eq!(sct.log_id, log.public_key().log_id());
        assert_eq!(sct.extensions, [0, 0, 5, 0, 0, 0, 0, index]);
        let leaves = log.verify_log().await;
        let leaf = &leaves[usize::from(index)];
        assert_eq!(
            leaf.precertificate.as_deref(),
            Some(precertificate.to_der())
        );
        assert_eq!(leaf.chain.len(), 2);
        assert_eq!(leaf.timestamped_entry.extensions, sct.extensions);

        // What clients do with the certificate that comes of it.
        let certificate = log.authorities.finish(precertificate, sct).await;
        let [embedded] = &sigstead_ct::embedded_in(&certificate).unwrap()[..] else {
            panic!("one sct")
        };
        let issuer = &log.authorities.intermediate;
        let entry = sigstead_ct::SignedEntry::of_final_certificate(&certificate, issuer).unwrap();
        embedded.verify(entry, &log.public_key()).unwrap();
    }
}

#[tokio::test]
async fn logs_certificates_as_it_logs_precertificates() {
    let log = TestCtLog::new().await;
    let certificate = log.authorities.certificate(ephemeral().as_ref()).await;
    let chain = log.authorities.chain(certificate.to_der());
    let answer = log.post("/ct/v1/add-chain", submission(&chain)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    let entry = sigstead_ct::SignedEntry::Certificate(certificate.to_der().to_vec());
    sct(&answer.json())
        .verify(entry, &log.public_key())
        .unwrap();
    let [leaf] = &log.verify_log().await[..] else {
        panic!("one leaf")
    };
    assert_eq!(leaf.precertificate, None);
}

#[tokio::test]
async fn answers_a_duplicate_with_the_time_and_place_of_its_original() {
    let log = TestCtLog::new().await;
    let precertificate = log.authorities.precertificate(1).await;
    let first = log.log(&precertificate).await;
    log.clock.advance(Duration::from_secs(60));
    let mut without_root = log.authorities.chain(precertificate.to_der());
    without_root.pop();
    let again = log
        .post("/ct/v1/add-pre-chain", submission(&without_root))
        .await;
    for again in [log.log(&precertificate).await, sct(&again.json())] {
        assert_eq!(again.timestamp_millis, first.timestamp_millis);
        assert_eq!(again.extensions, first.extensions);
    }
    assert_eq!(log.verify_log().await.len(), 1);
    let other = log.log(&log.authorities.precertificate(2).await).await;
    assert_eq!(other.timestamp_millis, 1_700_000_060_000);
}

#[tokio::test]
async fn remembers_entries_over_a_restart() {
    let mut log = TestCtLog::new().await;
    let precertificate = log.authorities.precertificate(1).await;
    let first = log.log(&precertificate).await;
    let before = log.get("/checkpoint").await.body;
    log.router = axum::Router::new();
    log.router = world::open(log.folder.path(), &log.clock).await;
    assert_eq!(log.get("/checkpoint").await.body, before);
    log.clock.advance(Duration::from_secs(60));
    let again = log.log(&precertificate).await;
    assert_eq!(again.timestamp_millis, first.timestamp_millis);
    assert_eq!(again.extensions, first.extensions);
    assert_eq!(log.verify_log().await.len(), 1);
}

#[tokio::test]
async fn gives_each_of_many_at_once_a_place_of_its_own() {
    let log = TestCtLog::new().await;
    let mut precertificates = Vec::new();
    for seed in 0..40 {
        precertificates.push(log.authorities.precertificate(seed).await);
    }
    let scts = futures::future::join_all(precertificates.iter().map(|each| log.log(each))).await;
    let places: BTreeSet<_> = scts
        .iter()
        .map(|sct| sigstead_ct::leaf_index_of(&sct.extensions).unwrap().value())
        .collect();
    assert_eq!(places, (0..40).collect());
    assert_eq!(log.verify_log().await.len(), 40);
}

#[tokio::test]
async fn tells_its_roots() {
    let log = TestCtLog::new().await;
    let answer = log.get("/ct/v1/get-roots").await;
    let root = submission(&[log.authorities.root.to_der().to_vec()]);
    assert_eq!(answer.text(), root.replace("chain", "certificates"));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn serves_reads_with_their_headers() {
    let log = TestCtLog::new().await;
    log.verify_log().await;
    log.log(&log.authorities.precertificate(1).await).await;
    let leaf = log.verify_log().await.remove(0);
    let issuer = format!("/issuer/{}", hex::encode(leaf.chain[1]));
    let immutable = "public, max-age=31536000, immutable";
    let table = [
        ("/checkpoint", "text/plain; charset=utf-8", "no-cache"),
        ("/tile/0/000.p/1", "application/octet-stream", immutable),
        ("/tile/data/000.p/1", "application/octet-stream", immutable),
        (issuer.as_str(), "application/pkix-cert", immutable),
    ];
    for (path, content_type, caching) in table {
        let answer = log.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert_eq!(answer.header("cache-control"), caching, "{path}");
    }
}

#[tokio::test]
async fn answers_404_for_what_the_log_does_not_have() {
    let log = TestCtLog::new().await;
    log.log(&log.authorities.precertificate(1).await).await;
    let upper = "A".repeat(64);
    let table = [
        "/tile/0/000".to_owned(),
        "/tile/0/000.p/2".to_owned(),
        "/tile/1/000.p/1".to_owned(),
        "/tile/data/000".to_owned(),
        "/tile/data/000.p/2".to_owned(),
        "/tile/entries/000.p/1".to_owned(),
        "/tile/data/../data/000.p/1".to_owned(),
        format!("/issuer/{}", "0".repeat(64)),
        format!("/issuer/{upper}"),
        "/issuer/00".to_owned(),
    ];
    for path in table {
        let answer = log.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("sigstead-code"), "E-CTLOG-010", "{path}");
        assert_eq!(answer.header("cache-control"), "", "{path}");
    }
}
