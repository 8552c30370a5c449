//! The authority from outside, over its router.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod ring;
mod world;

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_proto::timestamp::v1::StampRequest;
use sigstead_proto::timestamp::v1::timestamp_authority_client::TimestampAuthorityClient;
use sigstead_tsp::{Nonce, Policy, TimeStampReq, TimestampToken};
use sigstead_x509::Certificate;
use time::OffsetDateTime;
use tonic::Code;

use crate::world::{TestTsa, now};

const QUERY: &str = "application/timestamp-query";
const MESSAGE: &[u8] = b"a signature";

fn request() -> TimeStampReq {
    TimeStampReq::new(
        HashAlgorithm::Sha256,
        &HashAlgorithm::Sha256.digest(MESSAGE),
    )
    .unwrap()
}

fn verify(tsa: &TestTsa, response: &[u8]) -> OffsetDateTime {
    TimestampToken::from_response(response)
        .unwrap()
        .verify(MESSAGE, &tsa.chain)
        .unwrap()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[tokio::test]
async fn stamps_each_hash_with_the_second_that_has_begun() {
    let tsa = TestTsa::new().await;
    for hash in [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ] {
        let request = TimeStampReq::new(hash, &hash.digest(MESSAGE)).unwrap();
        let response = tsa.stamp(QUERY, request.to_der().unwrap()).await;
        assert_eq!(
            verify(&tsa, &response).unix_timestamp_nanos(),
            1_700_000_000_000_000_000
        );
        assert!(contains(&response, b"20231114221320Z"), "no fraction");
    }
}

#[tokio::test]
async fn answers_only_what_was_asked_for() {
    let tsa = TestTsa::new().await;
    let nonce = 0x0102_0304_0506_0708_u64.to_be_bytes();
    let leaf = tsa.chain[0].to_der().to_vec();
    let default = [6, 9, 43, 6, 1, 4, 1, 131, 191, 48, 2];
    let (bare, full) = (
        request(),
        request()
            .with_nonce(Nonce::from_unsigned(&nonce).unwrap())
            .with_policy(Policy::parse("1.2.3.4").unwrap())
            .with_certificates(),
    );
    let bare = tsa.stamp(QUERY, bare.to_der().unwrap()).await;
    let full = tsa.stamp(QUERY, full.to_der().unwrap()).await;
    for response in [&bare, &full] {
        verify(&tsa, response);
    }
    assert!(!contains(&bare, &nonce) && contains(&full, &nonce));
    assert!(!contains(&bare, &leaf) && contains(&full, &leaf));
    assert!(contains(&bare, &default) && !contains(&full, &default));
    assert!(contains(&full, &[6, 3, 42, 3, 4]));
    let again = tsa.stamp(QUERY, request().to_der().unwrap()).await;
    assert_ne!(again, bare, "serial numbers differ");
}

#[tokio::test]
async fn takes_the_json_that_sigstore_js_sends() {
    let tsa = TestTsa::new().await;
    let sha512 = STANDARD.encode(HashAlgorithm::Sha512.digest(MESSAGE));
    let sha256 = STANDARD.encode(HashAlgorithm::Sha256.digest(MESSAGE));
    let table = [
        json!({"artifactHash": sha256, "hashAlgorithm": "sha256"}),
        json!({"artifactHash": sha512, "hashAlgorithm": "SHA512", "tsaPolicyOID": ""}),
        json!({"artifactHash": sha256, "hashAlgorithm": "Sha256", "unknown": 1}),
    ];
    for request in table {
        for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
            verify(&tsa, &tsa.stamp(content_type, request.to_string()).await);
        }
    }
    let full = format!(
        r#"{{"artifactHash":"{sha256}","hashAlgorithm":"sha256","certificates":true,
            "nonce":{},"tsaPolicyOID":"1.2.3.4"}}"#,
        u128::MAX
    );
    let full = tsa.stamp("application/json", full).await;
    verify(&tsa, &full);
    assert!(
        contains(&full, &[[2, 17, 0].as_slice(), &[0xff; 16]].concat()),
        "the nonce"
    );
    assert!(contains(&full, tsa.chain[0].to_der()));
    assert!(contains(&full, &[6, 3, 42, 3, 4]));
}

#[tokio::test]
async fn refuses_queries_with_the_sentences_of_the_reference() {
    let tsa = TestTsa::new().await;
    let good = request().to_der().unwrap();
    let patched = |from: &[u8], to: &[u8]| {
        let place = good
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        [&good[..place], to, &good[place + from.len()..]].concat()
    };
    let sha256 = [
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
    ];
    let sha224 = [
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04,
    ];
    let sha384 = [
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
    ];
    // SEQUENCE { 1, SEQUENCE { SEQUENCE { sha-1, NULL }, 20 octets } }
    let mut sha1 = vec![
        0x30, 0x26, 2, 1, 1, 0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0,
    ];
    sha1.extend([4, 20]);
    sha1.extend([7; 20]);
    let nonce = [&[2, 33][..], &[1; 33]].concat();
    let mut long_nonce = [&good[..], &nonce].concat();
    long_nonce[1] += 35;
    let mut extensions = good.clone();
    // [0] { Extension { 1.2.3, OCTET STRING } }
    extensions.extend([0xa0, 10, 0x30, 8, 6, 2, 0x2a, 3, 4, 2, 5, 0]);
    extensions[1] += 12;
    let foreign = request()
        .with_policy(Policy::parse("1.2.3.5").unwrap())
        .to_der()
        .unwrap();
    let table = [
        (Vec::new(), "E-TSA-001", "timestamp request"),
        (vec![0x30, 0], "E-TSA-001", "timestamp request"),
        (
            good[..good.len() - 1].to_vec(),
            "E-TSA-001",
            "timestamp request",
        ),
        ([&good[..], &[0]].concat(), "E-TSA-001", "timestamp request"),
        (
            patched(&[2, 1, 1], &[2, 1, 2]),
            "E-TSA-001",
            "version of the request is 2",
        ),
        (
            sha1,
            "E-TSA-001",
            "weak hash algorithm in timestamp request",
        ),
        (
            patched(&sha256, &sha224),
            "E-TSA-001",
            "2.16.840.1.101.3.4.2.4",
        ),
        (
            patched(&sha256, &sha384),
            "E-TSA-001",
            "message digest has incorrect length",
        ),
        (long_nonce, "E-TSA-001", "nonce has 33 octets"),
        (extensions, "E-TSA-001", "extensions"),
        (foreign, "E-TSA-002", "policy 1.2.3.5"),
    ];
    for (body, code, sentence) in table {
        let answer = tsa.post(QUERY, body).await;
        refused(&answer.json(), answer.status, code, sentence);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("sigstead-code"), code);
    }
}

#[tokio::test]
async fn refuses_json_that_it_cannot_answer() {
    let tsa = TestTsa::new().await;
    let digest = STANDARD.encode(HashAlgorithm::Sha256.digest(MESSAGE));
    let with = |name: &str, value: Value| {
        let mut request = json!({"artifactHash": digest, "hashAlgorithm": "sha256"});
        request[name] = value;
        request.to_string()
    };
    let table = [
        (String::new(), "E-TSA-004", "malformed"),
        ("{}".to_owned(), "E-TSA-004", "artifactHash"),
        // The members of a request in their order, without their names.
        (
            json!([digest, "sha256", false, null, null]).to_string(),
            "E-TSA-004",
            "malformed",
        ),
        (with("artifactHash", json!("*")), "E-TSA-004", "base64"),
        (
            with("artifactHash", json!("AAAA")),
            "E-TSA-001",
            "incorrect length",
        ),
        (
            with("hashAlgorithm", json!("sha1")),
            "E-TSA-001",
            "weak hash algorithm",
        ),
        (with("hashAlgorithm", json!("md5")), "E-TSA-001", "md5"),
        (with("nonce", json!(-1)), "E-TSA-004", "malformed"),
        (with("nonce", json!("1")), "E-TSA-004", "malformed"),
        (
            with("tsaPolicyOID", json!("1.x")),
            "E-TSA-001",
            "object identifier",
        ),
        (
            with("tsaPolicyOID", json!("1.2.3.5")),
            "E-TSA-002",
            "1.2.3.5",
        ),
        (
            with("padding", json!("x".repeat(1024))),
            "E-TSA-005",
            "timestamp request is too large",
        ),
    ];
    for (body, code, sentence) in table {
        let answer = tsa.post("application/json", body).await;
        refused(&answer.json(), answer.status, code, sentence);
    }
}

fn refused(body: &Value, status: StatusCode, code: &str, sentence: &str) {
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(body["code"], 400);
    let message = body["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("{code}: ")),
        "{message}, not {code}"
    );
    assert!(message.contains(sentence), "{message}, not {sentence}");
}

#[tokio::test]
async fn refuses_other_media_types_long_bodies_and_other_methods() {
    let tsa = TestTsa::new().await;
    for content_type in [
        "",
        "text/plain",
        "application/timestamp-reply",
        "application/jsonx",
    ] {
        let answer = tsa.post(content_type, request().to_der().unwrap()).await;
        assert_eq!(
            answer.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
        assert_eq!(answer.header("sigstead-code"), "E-TSA-003");
        assert_eq!(answer.json()["code"], 415);
    }
    let untyped = http::Request::post("/api/v1/timestamp")
        .body("{}".into())
        .unwrap();
    assert_eq!(
        tsa.send(untyped).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let answer = tsa.post(QUERY, vec![0; 16 * 1024 + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["code"], 413);
    let answer = tsa.get("/api/v1/timestamp").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
    assert_eq!(tsa.get("/api/v1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tells_its_chain_and_that_it_lives() {
    let tsa = TestTsa::new().await;
    let answer = tsa.get("/api/v1/timestamp/certchain").await;
    assert_eq!(
        answer.header("content-type"),
        "application/pem-certificate-chain"
    );
    assert_eq!(
        Certificate::chain_from_pem(&answer.text()).unwrap(),
        tsa.chain
    );
    assert_eq!(tsa.get("/ping").await.text(), ".");
}

#[tokio::test]
async fn speaks_grpc_over_the_same_verb() {
    let tsa = TestTsa::new().await;
    let mut client = TimestampAuthorityClient::new(tsa.router.clone());
    let asked = StampRequest {
        request: request().to_der().unwrap(),
    };
    let answer = client.stamp(asked).await.unwrap().into_inner();
    assert_eq!(
        verify(&tsa, &answer.response).unix_timestamp(),
        now().unix_timestamp()
    );
    let chain = client
        .get_chain(())
        .await
        .unwrap()
        .into_inner()
        .certificates;
    assert_eq!(
        chain,
        tsa.chain
            .iter()
            .map(Certificate::to_der)
            .collect::<Vec<_>>()
    );

    let refused = client
        .stamp(StampRequest {
            request: Vec::new(),
        })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-TSA-001"
    );
    let foreign = request()
        .with_policy(Policy::parse("1.2.3.5").unwrap())
        .to_der()
        .unwrap();
    let refused = client
        .stamp(StampRequest { request: foreign })
        .await
        .unwrap_err();
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-TSA-002"
    );
}

#[tokio::test]
async fn a_verifier_accepts_no_other_message_chain_or_time() {
    let tsa = TestTsa::new().await;
    let response = tsa.stamp(QUERY, request().to_der().unwrap()).await;
    let token = TimestampToken::from_response(&response).unwrap();
    let refused = token.verify(b"another message", &tsa.chain).unwrap_err();
    assert!(matches!(refused, sigstead_tsp::Error::ImprintMismatch));
    let other = TestTsa::new().await;
    assert!(token.verify(MESSAGE, &other.chain).is_err());
    assert!(token.verify(MESSAGE, &tsa.chain[..1]).is_err());
    let foreign_root = [&tsa.chain[..2], &other.chain[2..]].concat();
    assert!(token.verify(MESSAGE, &foreign_root).is_err());
    // The clock is past the end of the chain; only readiness knows, and verifiers.
    tsa.clock.set(now() + time::Duration::days(31));
    let late = tsa.stamp(QUERY, request().to_der().unwrap()).await;
    let late = TimestampToken::from_response(&late).unwrap();
    assert!(matches!(
        late.verify(MESSAGE, &tsa.chain),
        Err(sigstead_tsp::Error::Chain(_))
    ));
}

#[tokio::test]
async fn openssl_verifies_what_it_asked_for() {
    let has_openssl = Command::new("openssl").arg("version").output();
    if !has_openssl.is_ok_and(|output| output.status.success()) {
        return;
    }
    for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::EcdsaP384Sha384] {
        let tsa = TestTsa::with(algorithm).await;
        let path = |name: &str| tsa.folder.path().join(name).display().to_string();
        fs::write(path("message"), MESSAGE).unwrap();
        fs::write(path("root.pem"), tsa.chain[2].to_pem()).unwrap();
        let untrusted: String = tsa.chain[..2].iter().map(Certificate::to_pem).collect();
        fs::write(path("untrusted.pem"), untrusted).unwrap();
        for extra in [
            &["-cert"][..],
            &["-no_nonce"],
            &["-sha384", "-tspolicy", "1.2.3.4"],
        ] {
            let (message, query) = (path("message"), path("query"));
            let mut arguments = vec!["ts", "-query", "-data", &message, "-out", &query];
            arguments.extend(extra);
            openssl(&arguments);
            let response = tsa.stamp(QUERY, fs::read(&query).unwrap()).await;
            fs::write(path("response"), response).unwrap();
            // With the query, openssl compares nonce and policy too; with the data, the digest.
            for (flag, file) in [("-queryfile", &query), ("-data", &message)] {
                openssl(&[
                    "ts",
                    "-verify",
                    flag,
                    file,
                    "-in",
                    &path("response"),
                    "-CAfile",
                    &path("root.pem"),
                    "-untrusted",
                    &path("untrusted.pem"),
                    "-attime",
                    "1700000000",
                ]);
            }
        }
    }
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn does_not_start_with_what_no_client_would_accept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let start = || async { sigstead_tsa::build(world::config(path)).await.err() };
    assert!(matches!(
        start().await,
        Some(sigstead_tsa::Error::KeyOpen(_))
    ));

    let chain = world::prepare(path, Algorithm::EcdsaP256Sha256).await;
    assert!(start().await.is_none());
    let write = |certificates: &[&Certificate]| {
        let pem: String = certificates.iter().map(|each| each.to_pem()).collect();
        fs::write(path.join("chain.pem"), pem).unwrap();
    };
    write(&[&chain[0]]);
    assert!(matches!(
        start().await,
        Some(sigstead_tsa::Error::ChainShort)
    ));
    write(&[&chain[0], &chain[2]]);
    assert!(matches!(start().await, Some(sigstead_tsa::Error::Chain(_))));
    write(&[&chain[1], &chain[2]]);
    assert!(matches!(
        start().await,
        Some(sigstead_tsa::Error::KeyMismatch { .. })
    ));
    fs::remove_file(path.join("chain.pem")).unwrap();
    assert!(matches!(
        start().await,
        Some(sigstead_tsa::Error::ChainRead { .. })
    ));

    world::prepare(path, Algorithm::Ed25519).await;
    let error = start().await;
    assert!(
        matches!(
            error,
            Some(sigstead_tsa::Error::Request(
                sigstead_tsp::Error::KeyUnsupported
            ))
        ),
        "{error:?}"
    );
    world::prepare(path, Algorithm::EcdsaP256Sha256).await;
    let mut config = world::config(path);
    config.policy = "1.x".to_owned();
    let error = sigstead_tsa::build(config).await.err();
    assert!(
        matches!(
            error,
            Some(sigstead_tsa::Error::Request(
                sigstead_tsp::Error::PolicyMalformed
            ))
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_check_reads_what_the_start_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let check = || {
        let text = serde_json::to_string(&world::config(path)).unwrap();
        fs::write(path.join("config.yaml"), text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_sigstead-tsa"))
            .arg("--check")
            .arg("--config")
            .arg(path.join("config.yaml"))
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (passes, text) = check();
    assert!(!passes && text.contains("cannot open the key"), "{text}");
    world::prepare(path, Algorithm::EcdsaP256Sha256).await;
    assert_eq!(check(), (true, String::new()));
    fs::write(path.join("chain.pem"), "nonsense").unwrap();
    let (passes, text) = check();
    assert!(!passes && text.contains("chain"), "{text}");
}
