//! What the log refuses to take, and how it says so.

use http::StatusCode;
use sigstead_config::ctlog::ExtendedKeyUsage;
use sigstead_x509::Certificate;

use crate::authorities::{Authorities, ephemeral};
use crate::world::{self, TestCtLog, submission};

#[tokio::test]
async fn refuses_what_is_no_submission() {
    let log = TestCtLog::new().await;
    let leaf = log.authorities.precertificate(1).await.to_der().to_vec();
    let table = [
        (String::new(), "E-CTLOG-001"),
        ("[]".to_owned(), "E-CTLOG-001"),
        // The members of a submission in their order, without their names.
        (r#"[["AAAA"]]"#.to_owned(), "E-CTLOG-001"),
        ("{}".to_owned(), "E-CTLOG-001"),
        (r#"{"chain":null}"#.to_owned(), "E-CTLOG-001"),
        (r#"{"chain":["*"]}"#.to_owned(), "E-CTLOG-001"),
        (r#"{"chain":[""]}"#.to_owned(), "E-CTLOG-002"),
        (r#"{"chain":["AAAA"]}"#.to_owned(), "E-CTLOG-002"),
        (submission(&[leaf, vec![0x30, 0]]), "E-CTLOG-002"),
        (r#"{"chain":[]}"#.to_owned(), "E-CTLOG-003"),
        // The length is told before a certificate is read: these are none.
        (
            format!(r#"{{"chain":[{}]}}"#, [r#""AAAA""#; 11].join(",")),
            "E-CTLOG-003",
        ),
    ];
    for (body, code) in table {
        for path in ["/ct/v1/add-chain", "/ct/v1/add-pre-chain"] {
            let answer = log.post(path, body.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(answer.header("sigstead-code"), code, "{body}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            let text = answer.text();
            assert!(
                text.starts_with(&format!("Bad Request\n{code}: ")),
                "{text}"
            );
        }
    }
    assert!(log.verify_log().await.is_empty());
}

#[tokio::test]
async fn issuers_that_are_known_vouch_for_no_leaf_that_they_did_not_sign() {
    let log = TestCtLog::new().await;
    log.log(&log.authorities.precertificate(1).await).await;
    let mut forged = log.authorities.precertificate(2).await.to_der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let chain = submission(&log.authorities.chain(&forged));
    let answer = log.post("/ct/v1/add-pre-chain", chain).await;
    assert_eq!(answer.header("sigstead-code"), "E-CTLOG-003");
    log.log(&log.authorities.precertificate(2).await).await;
    assert_eq!(log.verify_log().await.len(), 2);
}

#[tokio::test]
async fn refuses_chains_that_lead_nowhere_or_astray() {
    let log = TestCtLog::new().await;
    let (ours, theirs) = (&log.authorities, &Authorities::new().await);
    let precertificate = ours.precertificate(1).await.to_der().to_vec();
    let foreign = theirs.precertificate(1).await.to_der().to_vec();
    let of = |certificate: &Certificate| certificate.to_der().to_vec();
    let table = [
        ("leaf alone", vec![precertificate.clone()], "E-CTLOG-004"),
        ("unknown root", theirs.chain(&foreign), "E-CTLOG-004"),
        ("other issuer", ours.chain(&foreign), "E-CTLOG-003"),
        (
            "out of order",
            vec![
                precertificate.clone(),
                of(&ours.root),
                of(&ours.intermediate),
            ],
            "E-CTLOG-003",
        ),
        (
            "something behind the root",
            vec![
                precertificate,
                of(&ours.intermediate),
                of(&ours.root),
                of(&theirs.root),
            ],
            "E-CTLOG-003",
        ),
        ("too long", vec![of(&ours.root); 11], "E-CTLOG-003"),
    ];
    for (name, chain, code) in table {
        let answer = log.post("/ct/v1/add-pre-chain", submission(&chain)).await;
        let is_root = name == "too long";
        let answer = if is_root {
            log.post("/ct/v1/add-chain", submission(&chain)).await
        } else {
            answer
        };
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        assert_eq!(
            answer.header("sigstead-code"),
            code,
            "{name}: {}",
            answer.text()
        );
    }
    assert!(log.verify_log().await.is_empty());
}

#[tokio::test]
async fn refuses_what_the_holder_of_a_certificate_issued_without_authority() {
    let log = TestCtLog::new().await;
    let chain = log.authorities.usurped_chain().await;
    let answer = log.post("/ct/v1/add-pre-chain", submission(&chain)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.header("sigstead-code"),
        "E-CTLOG-003",
        "{}",
        answer.text()
    );
    assert!(
        answer.text().contains("not that of an authority"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn takes_certificates_of_its_usages_and_no_others() {
    let mut log = TestCtLog::new().await;
    let mut timestamping = log.authorities.usurped_chain().await;
    timestamping.remove(0);
    let timestamping = submission(&timestamping);
    let answer = log.post("/ct/v1/add-chain", timestamping.clone()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("sigstead-code"), "E-CTLOG-009");
    assert!(answer.text().contains("extended key usages"));
    log.log(&log.authorities.precertificate(1).await).await;

    for usages in [vec![], vec![ExtendedKeyUsage::TimeStamping]] {
        let takes_all = usages.is_empty();
        let mut config = world::config(log.folder.path());
        config.extended_key_usages = usages;
        drop(log.router);
        log.router = world::open_as(config, &log.clock).await;
        let answer = log.post("/ct/v1/add-chain", timestamping.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let certificate = log.authorities.certificate(ephemeral().as_ref()).await;
        let chain = submission(&log.authorities.chain(certificate.to_der()));
        let answer = log.post("/ct/v1/add-chain", chain).await;
        assert_eq!(answer.status == StatusCode::OK, takes_all);
        // It is for nothing in particular.
        let root = [log.authorities.root.to_der().to_vec()];
        let answer = log.post("/ct/v1/add-chain", submission(&root)).await;
        assert_eq!(answer.status == StatusCode::OK, takes_all);
        log.verify_log().await;
    }
}

#[tokio::test]
async fn refuses_each_kind_at_the_endpoint_of_the_other() {
    let log = TestCtLog::new().await;
    let precertificate = log.authorities.precertificate(1).await.to_der().to_vec();
    let certificate = log.authorities.certificate(ephemeral().as_ref()).await;
    let poison = [0x04, 0x02, 0x05, 0x00];
    let place = precertificate
        .windows(4)
        .position(|bytes| bytes == poison)
        .unwrap();
    let mut malformed = precertificate.clone();
    malformed[place + 2] = 0x04;
    let table = [
        ("/ct/v1/add-chain", &precertificate[..]),
        ("/ct/v1/add-pre-chain", certificate.to_der()),
        ("/ct/v1/add-pre-chain", &malformed),
        ("/ct/v1/add-chain", &malformed),
    ];
    for (path, leaf) in table {
        let answer = log
            .post(path, submission(&log.authorities.chain(leaf)))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            answer.header("sigstead-code"),
            "E-CTLOG-005",
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn refuses_bodies_that_no_chain_needs_and_methods_that_do_not_exist() {
    let log = TestCtLog::new().await;
    let answer = log
        .post("/ct/v1/add-pre-chain", vec![b' '; 128 * 1024 + 1])
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        answer.text().starts_with("Payload Too Large\n"),
        "{}",
        answer.text()
    );
    let answer = log.get("/ct/v1/add-pre-chain").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
    let answer = log.post("/checkpoint", "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn takes_no_entries_while_its_clock_is_behind() {
    let log = TestCtLog::new().await;
    log.log(&log.authorities.precertificate(1).await).await;
    log.clock.set(world::now() - time::Duration::HOUR);
    let chain = log
        .authorities
        .chain(log.authorities.precertificate(2).await.to_der());
    let answer = log.post("/ct/v1/add-pre-chain", submission(&chain)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("sigstead-code"), "E-CTLOG-014");
    assert_ne!(answer.header("retry-after"), "");
    log.clock.set(world::now());
    log.log(&log.authorities.precertificate(2).await).await;
    assert_eq!(log.verify_log().await.len(), 2);
}
