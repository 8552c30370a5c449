use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};
use sigstead_key::Algorithm;

use crate::world::{self, ORIGIN, Signed, TestTlog, decode, request};

const JSON: &str = "application/json";

#[tokio::test]
async fn answers_a_new_entry_with_the_whole_message_and_no_more() {
    let tlog = TestTlog::new().await;
    let request = request(b"artifact").await;
    let answer = tlog.post(request.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("content-type"), JSON);
    let entry = answer.json();
    tlog.verify_entry(ORIGIN, &entry);
    let proof = &entry["inclusionProof"];
    let expected = json!({
        "logIndex": "0",
        "logId": {"keyId": STANDARD.encode(tlog.verifier_key(ORIGIN).full_id())},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
        "integratedTime": "0",
        "inclusionPromise": null,
        "inclusionProof": {
            "logIndex": "0",
            "rootHash": proof["rootHash"],
            "treeSize": "1",
            "hashes": [],
            "checkpoint": {"envelope": proof["checkpoint"]["envelope"]},
        },
        "canonicalizedBody": entry["canonicalizedBody"],
    });
    assert_eq!(entry, expected);
    tlog.verify_log().await;
}

#[tokio::test]
async fn logs_what_was_submitted_in_the_canonical_form() {
    let tlog = TestTlog::new().await;
    let request = request(b"artifact").await;
    let entry = tlog.append(&request).await;
    let submitted = &request["hashedRekordRequestV002"];
    let expected = json!({
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": submitted["digest"]},
            "signature": submitted["signature"],
        }},
    });
    let body = decode(&entry["canonicalizedBody"]);
    // The map of serde_json is sorted, so its compact form is the canonical one here.
    assert_eq!(String::from_utf8(body).unwrap(), expected.to_string());
}

#[tokio::test]
async fn gives_each_new_entry_the_next_index_and_a_proof() {
    let tlog = TestTlog::new().await;
    for index in 0..20_u64 {
        let entry = tlog.append(&request(&index.to_be_bytes()).await).await;
        assert_eq!(entry["logIndex"], index.to_string());
        assert_eq!(entry["inclusionProof"]["treeSize"], (index + 1).to_string());
    }
    tlog.verify_log().await;
}

#[tokio::test]
async fn keeps_a_log_whole_under_many_writers() {
    let tlog = TestTlog::new().await;
    let mut requests = Vec::new();
    for index in 0..300_u64 {
        requests.push(request(&index.to_be_bytes()).await);
    }
    let writes = requests.iter().map(|request| tlog.append(request));
    let entries = futures::future::join_all(writes).await;
    let mut indexes: Vec<_> = entries
        .iter()
        .map(|e| world::number(&e["logIndex"]))
        .collect();
    indexes.sort_unstable();
    assert!(indexes.iter().copied().eq(0..300));
    tlog.verify_log().await;
}

#[tokio::test]
async fn answers_a_duplicate_with_the_entry_that_is_there() {
    let tlog = TestTlog::new().await;
    let request = request(b"artifact").await;
    let first = tlog.append(&request).await;
    tlog.append(&self::request(b"another").await).await;
    let again = tlog.append(&request).await;
    assert_eq!(again["logIndex"], first["logIndex"]);
    assert_eq!(again["canonicalizedBody"], first["canonicalizedBody"]);
    assert_eq!(again["inclusionProof"]["treeSize"], "2");
    tlog.verify_log().await;
}

#[tokio::test]
async fn reads_every_spelling_that_the_json_of_protobuf_allows() {
    let tlog = TestTlog::new().await;
    let request = request(b"artifact").await;
    let first = tlog.append(&request).await;
    let submitted = &request["hashedRekordRequestV002"];
    let verifier = &submitted["signature"]["verifier"];
    let unpadded = |value: &Value| URL_SAFE_NO_PAD.encode(decode(value));
    let other_spelling = json!({
        "dsse_request_v002": null,
        "unknown": {"deep": [1, 2]},
        "hashed_rekord_request_v002": {
            "digest": unpadded(&submitted["digest"]),
            "unknown": true,
            "signature": {
                "content": unpadded(&submitted["signature"]["content"]),
                "verifier": {
                    "x509_certificate": null,
                    "public_key": {"raw_bytes": unpadded(&verifier["publicKey"]["rawBytes"])},
                    "key_details": "PKIX_ECDSA_P256_SHA_256",
                },
            },
        },
    });
    let again = tlog.append(&other_spelling).await;
    assert_eq!(again["logIndex"], first["logIndex"]);
    assert_eq!(again["canonicalizedBody"], first["canonicalizedBody"]);
}

#[tokio::test]
async fn takes_each_algorithm_that_signs_digests() {
    let tlog = TestTlog::new().await;
    for algorithm in [
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
        Algorithm::EcdsaP521Sha512,
        Algorithm::RsaPkcs1v15_2048Sha256,
    ] {
        let signed = Signed::new(algorithm, b"artifact").await;
        let entry = tlog.append(&signed.request(b"artifact")).await;
        let body = decode(&entry["canonicalizedBody"]);
        let body: Value = serde_json::from_slice(&body).unwrap();
        let logged = &body["spec"]["hashedRekordV002"];
        assert_eq!(logged["data"]["algorithm"], algorithm.hash().name());
        assert_eq!(logged["signature"]["verifier"], signed.verifier());
    }
}

fn envelope(payload: &[u8], signatures: &[&str], verifiers: &[Value]) -> Value {
    let signatures: Vec<_> = signatures
        .iter()
        .map(|sig| json!({"sig": sig, "keyid": ""}))
        .collect();
    json!({"dsseRequestV002": {
        "envelope": {
            "payload": STANDARD.encode(payload),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": signatures,
        },
        "verifiers": verifiers,
    }})
}

#[tokio::test]
async fn logs_an_envelope_with_one_signature_as_a_hashedrekord() {
    let tlog = TestTlog::new().await;
    let pae = sigstead_entry::pae("application/vnd.in-toto+json", b"{}");
    let signed = Signed::new(Algorithm::EcdsaP256Sha256, &pae).await;
    let verifiers = [signed.verifier()];
    let entry = tlog
        .append(&envelope(b"{}", &[&signed.signature], &verifiers))
        .await;
    assert_eq!(entry["kindVersion"]["kind"], "hashedrekord");
    let direct = tlog.append(&signed.request(&pae)).await;
    assert_eq!(direct["logIndex"], entry["logIndex"]);
}

#[tokio::test]
async fn refuses_an_envelope_that_is_not_one_entry() {
    let tlog = TestTlog::new().await;
    let pae = sigstead_entry::pae("application/vnd.in-toto+json", b"{}");
    let signed = Signed::new(Algorithm::EcdsaP256Sha256, &pae).await;
    let (sig, verifier) = (signed.signature.as_str(), signed.verifier());
    let table: [(&[&str], &[Value], &str); 5] = [
        (&[], std::slice::from_ref(&verifier), "E-TLOG-003"),
        (&[sig], &[], "E-TLOG-003"),
        (&[sig, sig], std::slice::from_ref(&verifier), "E-TLOG-003"),
        (
            &[sig, sig],
            &[verifier.clone(), verifier.clone()],
            "E-TLOG-003",
        ),
        (
            &[sig],
            &[json!({"keyDetails": "PKIX_ECDSA_P256_SHA_256"})],
            "E-TLOG-001",
        ),
    ];
    for (signatures, verifiers, code) in table {
        let answer = tlog
            .post(envelope(b"{}", signatures, verifiers).to_string())
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.header("sigstead-code"), code, "{}", answer.text());
    }
    let other_payload = envelope(b"[]", &[sig], &[verifier]);
    let answer = tlog.post(other_payload.to_string()).await;
    assert_eq!(answer.header("sigstead-code"), "E-TLOG-007");
}

type Change = fn(&mut Value);

#[tokio::test]
async fn refuses_what_is_no_entry_and_says_why() {
    let tlog = TestTlog::new().await;
    let good = request(b"artifact").await;
    let table: [(&str, Change, &str, &str); 17] = [
        (
            "E-TLOG-002",
            |r| *r = json!({}),
            "",
            "invalid type, must be hashedrekord",
        ),
        (
            "E-TLOG-002",
            |r| r["dsseRequestV002"] = json!({}),
            "",
            "invalid type",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!([1]),
            "",
            "invalid hashedrekord request",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!({"hashedRekordRequestV002": 1}),
            "",
            "invalid",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!(null),
            "/digest",
            "digest is missing",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!(1),
            "/digest",
            "invalid type: integer",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!("%%"),
            "/digest",
            "digest is not base64",
        ),
        (
            "E-TLOG-005",
            |r| *r = json!("AAAA"),
            "/digest",
            "3 bytes where 32",
        ),
        (
            "E-TLOG-007",
            |r| *r = json!("A".repeat(43)),
            "/digest",
            "signature does not fit",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!(null),
            "/signature",
            "signature is missing",
        ),
        (
            "E-TLOG-007",
            |r| *r = json!(""),
            "/signature/content",
            "signature does not fit",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!(null),
            "/signature/verifier",
            "verifier is missing",
        ),
        (
            "E-TLOG-001",
            |r| r["x509Certificate"] = json!({"rawBytes": ""}),
            "/signature/verifier",
            "either",
        ),
        (
            "E-TLOG-006",
            |r| *r = json!("AAAA"),
            "/signature/verifier/publicKey/rawBytes",
            "public key",
        ),
        (
            "E-TLOG-001",
            |r| *r = json!("NONE"),
            "/signature/verifier/keyDetails",
            "keyDetails",
        ),
        (
            "E-TLOG-004",
            |r| *r = json!("PKIX_ED25519"),
            "/signature/verifier/keyDetails",
            "PKIX_ED25519",
        ),
        (
            "E-TLOG-004",
            |r| *r = json!("PKIX_RSA_PKCS1V15_2048_SHA256"),
            "/signature/verifier/keyDetails",
            "keyDetails",
        ),
    ];
    for (code, change, pointer, sentence) in table {
        let mut bad = good.clone();
        let pointer = match pointer {
            "" => String::new(),
            inside => format!("/hashedRekordRequestV002{inside}"),
        };
        change(bad.pointer_mut(&pointer).unwrap());
        let answer = tlog.post(bad.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(answer.header("content-type"), JSON);
        assert_eq!(answer.header("sigstead-code"), code, "{}", answer.text());
        let body = answer.json();
        let message = body["message"].as_str().unwrap();
        assert_eq!(body, json!({"code": 3, "message": message, "details": []}));
        assert!(
            message.starts_with(&format!("{code}: invalid ")),
            "{message}"
        );
        assert!(
            message.contains(sentence),
            "{message} does not say {sentence}"
        );
    }
    tlog.verify_log().await;
}

#[tokio::test]
async fn takes_no_list_for_an_object() {
    let tlog = TestTlog::new().await;
    let good = request(b"artifact").await;
    let pae = sigstead_entry::pae("application/vnd.in-toto+json", b"{}");
    let signed = Signed::new(Algorithm::EcdsaP256Sha256, &pae).await;
    let dsse = envelope(b"{}", &[&signed.signature], &[signed.verifier()]);
    let (rekord, dsse_request) = ("/hashedRekordRequestV002", "/dsseRequestV002");
    for (good, pointer, members) in [
        (&good, "", vec!["hashedRekordRequestV002"]),
        (&good, rekord, vec!["digest", "signature"]),
        (
            &good,
            "/hashedRekordRequestV002/signature",
            vec!["content", "verifier"],
        ),
        (
            &good,
            "/hashedRekordRequestV002/signature/verifier",
            vec!["publicKey", "x509Certificate", "keyDetails"],
        ),
        (
            &good,
            "/hashedRekordRequestV002/signature/verifier/publicKey",
            vec!["rawBytes"],
        ),
        (&dsse, dsse_request, vec!["envelope", "verifiers"]),
        (
            &dsse,
            "/dsseRequestV002/envelope",
            vec!["payload", "payloadType", "signatures"],
        ),
        (&dsse, "/dsseRequestV002/envelope/signatures/0", vec!["sig"]),
        (
            &dsse,
            "/dsseRequestV002/verifiers/0",
            vec!["publicKey", "x509Certificate", "keyDetails"],
        ),
    ] {
        let mut bad = good.clone();
        let object = bad.pointer_mut(pointer).unwrap();
        *object = members.iter().map(|name| object[name].clone()).collect();
        let answer = tlog.post(bad.to_string()).await;
        assert_eq!(answer.header("sigstead-code"), "E-TLOG-001", "{bad}");
        assert!(
            answer.text().contains("expected an object"),
            "{}",
            answer.text()
        );
    }
    tlog.append(&good).await;
    tlog.append(&dsse).await;
}

#[tokio::test]
async fn refuses_bytes_that_are_not_json() {
    let tlog = TestTlog::new().await;
    for body in ["", "{", "\u{0}", "{}{}", "<html>"] {
        let answer = tlog.post(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
        assert_eq!(answer.header("sigstead-code"), "E-TLOG-001");
        assert_eq!(answer.json()["code"], 3);
    }
}

#[tokio::test]
async fn refuses_a_certificate_that_is_none_and_one_too_long_for_a_bundle() {
    let tlog = TestTlog::new().await;
    for (length, code) in [(10, "E-TLOG-006"), (70_000, "E-TLOG-008")] {
        let mut bad = request(b"artifact").await;
        bad["hashedRekordRequestV002"]["signature"]["verifier"] = json!({
            "x509Certificate": {"rawBytes": STANDARD.encode(vec![0; length])},
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        });
        let answer = tlog.post(bad.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.header("sigstead-code"), code, "{}", answer.text());
    }
}

#[tokio::test]
async fn refuses_a_body_beyond_its_budget() {
    let tlog = TestTlog::new().await;
    let answer = tlog.post(vec![b' '; 4 * 1024 * 1024 + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("4194304"), "{}", answer.text());
    let padded = format!(
        "{}{}",
        request(b"artifact").await,
        " ".repeat(3 * 1024 * 1024)
    );
    assert_eq!(tlog.post(padded).await.status, StatusCode::CREATED);
}
