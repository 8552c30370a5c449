//! The log over its router: submissions, tiles, and what it refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use sigstead_config::ctlog::ExtendedKeyUsage;
use sigstead_key::Algorithm;
use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafIndex, NodeHash};
use sigstead_proto::ct::v1 as wire;
use sigstead_proto::ct::v1::ct_log_client::CtLogClient;
use sigstead_x509::Certificate;
use tonic::Code;

use crate::world::{self, Authorities, TestCtLog, ephemeral, sct, submission};

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
async fn refuses_what_is_no_submission() {
    let log = TestCtLog::new().await;
    let leaf = log.authorities.precertificate(1).await.to_der().to_vec();
    let table = [
        (String::new(), "E-CTLOG-001"),
        ("[]".to_owned(), "E-CTLOG-001"),
        ("{}".to_owned(), "E-CTLOG-001"),
        (r#"{"chain":null}"#.to_owned(), "E-CTLOG-001"),
        (r#"{"chain":["*"]}"#.to_owned(), "E-CTLOG-001"),
        (r#"{"chain":[""]}"#.to_owned(), "E-CTLOG-002"),
        (r#"{"chain":["AAAA"]}"#.to_owned(), "E-CTLOG-002"),
        (submission(&[leaf, vec![0x30, 0]]), "E-CTLOG-002"),
        (r#"{"chain":[]}"#.to_owned(), "E-CTLOG-003"),
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

#[tokio::test]
async fn speaks_grpc_over_the_same_verbs() {
    let log = TestCtLog::new().await;
    let mut client = CtLogClient::new(log.router.clone());
    let first = log.authorities.precertificate(1).await;
    let chain = log.authorities.chain(first.to_der());
    let request = wire::AddChainRequest { chain };
    let sct = client
        .add_pre_chain(request.clone())
        .await
        .unwrap()
        .into_inner();
    let over_http = log.log(&first).await;
    assert_eq!(sct.timestamp_millis, over_http.timestamp_millis);
    assert_eq!(sct.extensions, over_http.extensions);
    assert_eq!(sct.log_id, over_http.log_id.as_bytes());
    sigstead_ct::DigitallySigned::parse(&sct.signature).unwrap();

    let certificate = log.authorities.certificate(ephemeral().as_ref()).await;
    let chain = log.authorities.chain(certificate.to_der());
    client
        .add_chain(wire::AddChainRequest { chain })
        .await
        .unwrap();
    let leaves = log.verify_log().await;
    let checkpoint = client
        .get_checkpoint(())
        .await
        .unwrap()
        .into_inner()
        .envelope;
    assert_eq!(checkpoint, log.get("/checkpoint").await.text());
    let root = sigstead_checkpoint::SignedCheckpoint::parse(&checkpoint)
        .unwrap()
        .checkpoint
        .head
        .root;
    let hashes = |hashes: Vec<Vec<u8>>| {
        hashes
            .iter()
            .map(|hash| NodeHash::try_from(hash.as_slice()).unwrap())
            .collect()
    };
    let asked = wire::InclusionProofRequest {
        leaf_index: 1,
        tree_size: 0,
    };
    let proof = client
        .get_inclusion_proof(asked)
        .await
        .unwrap()
        .into_inner();
    let leaf_hash = leaves[1].timestamped_entry.leaf_hash().unwrap();
    let proof = InclusionProof {
        leaf_index: LeafIndex::new(proof.leaf_index),
        tree_size: proof.tree_size,
        hashes: hashes(proof.hashes),
    };
    proof.verify(&leaf_hash, &root).unwrap();
    let asked = wire::ConsistencyProofRequest {
        first_size: 1,
        second_size: 2,
    };
    let proof = client
        .get_consistency_proof(asked)
        .await
        .unwrap()
        .into_inner();
    let first = leaves[0].timestamped_entry.leaf_hash().unwrap();
    let proof = ConsistencyProof {
        first_size: 1,
        second_size: 2,
        hashes: hashes(proof.hashes),
    };
    proof.verify(&NodeHash::from(first).into(), &root).unwrap();
    let roots = client
        .get_roots(())
        .await
        .unwrap()
        .into_inner()
        .certificates;
    assert_eq!(roots, [log.authorities.root.to_der()]);

    let chain = vec![vec![0]];
    let refused = client
        .add_chain(wire::AddChainRequest { chain })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-CTLOG-002"
    );
    let refused = client.add_chain(request).await.unwrap_err();
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-CTLOG-005"
    );
    let asked = wire::InclusionProofRequest {
        leaf_index: 2,
        tree_size: 0,
    };
    let refused = client.get_inclusion_proof(asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let asked = wire::ConsistencyProofRequest {
        first_size: 2,
        second_size: 9,
    };
    let refused = client.get_consistency_proof(asked).await.unwrap_err();
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-CTLOG-010"
    );
}

#[tokio::test]
async fn does_not_start_on_what_it_could_not_serve() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let authorities = Authorities::new().await;
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, sigstead_ctlog::Error::RootsRead { .. }),
        "{error:?}"
    );

    world::prepare(path, &authorities);
    std::fs::write(path.join("roots.pem"), "").unwrap();
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    let is_refused = matches!(
        error,
        sigstead_ctlog::Error::NoRoots { .. } | sigstead_ctlog::Error::RootsMalformed { .. }
    );
    assert!(is_refused, "{error:?}");

    world::prepare(path, &authorities);
    world::write_key(path, Algorithm::Ed25519);
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, sigstead_ctlog::Error::KeyUnsupported),
        "{error:?}"
    );

    std::fs::remove_file(path.join("ctlog.key")).unwrap();
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, sigstead_ctlog::Error::Key(_)), "{error:?}");
    assert!(!path.join("data").exists());
}

#[tokio::test]
async fn does_not_start_with_another_key_than_the_log_was_begun_with() {
    let log = TestCtLog::new().await;
    log.log(&log.authorities.precertificate(1).await).await;
    let TestCtLog {
        folder,
        router,
        clock,
        authorities,
    } = log;
    drop(router);
    world::prepare(folder.path(), &authorities);
    let config = world::config(folder.path());
    let error = world::build(config, &clock).await.err().unwrap();
    let sigstead_ctlog::Error::Log(sigstead_sequencer::Error::WrongKey { .. }) = error else {
        panic!("{error:?}");
    };
}
