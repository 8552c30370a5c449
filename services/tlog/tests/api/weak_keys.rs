//! Keys that other clients cannot read, or whose signatures prove nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;
use sigstead_key::Algorithm;

use crate::world::{Signed, TestTlog, decode, request};
use crate::{rekor_v1, world};

#[tokio::test]
async fn rekor_v2_refuses_keys_that_prove_nothing() {
    let tlog = TestTlog::new().await;
    for (spki, algorithm, sentence) in weak_keys().await {
        let mut bad = request(b"artifact").await;
        let digest = algorithm.hash().digest(b"artifact");
        bad["hashedRekordRequestV002"]["digest"] = json!(STANDARD.encode(digest));
        bad["hashedRekordRequestV002"]["signature"]["verifier"] = json!({
            "publicKey": {"rawBytes": STANDARD.encode(spki)},
            "keyDetails": algorithm.key_details(),
        });
        let answer = tlog.post(bad.to_string()).await;
        refused(&answer, "E-TLOG-006", sentence);
    }
    let first = tlog.append(&request(b"artifact").await).await;
    assert_eq!(first["logIndex"], "0");
}

#[tokio::test]
async fn rekor_v1_refuses_keys_that_prove_nothing() {
    let tlog = TestTlog::of_rekor_v1().await;
    for (spki, _, sentence) in weak_keys().await {
        let mut bad = rekor_v1::proposed(b"artifact").await;
        bad["spec"]["signature"]["publicKey"]["content"] = json!(STANDARD.encode(pem(&spki)));
        let answer = tlog.post_v1("/api/v1/log/entries", bad.to_string()).await;
        refused(&answer, "E-TLOG-062", sentence);
    }
    assert_eq!(tlog.get("/api/v1/log").await.json()["treeSize"], 0);
}

fn refused(answer: &world::Answer, code: &str, sentence: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("sigstead-code"), code, "{}", answer.text());
    assert!(answer.text().contains(sentence), "{}", answer.text());
}

/// The encoding of each key, the algorithm it would have, and a part of the sentence that refuses it.
async fn weak_keys() -> [(Vec<u8>, Algorithm, &'static str); 3] {
    [
        (
            with_compressed_point(&spki(Algorithm::EcdsaP256Sha256).await),
            Algorithm::EcdsaP256Sha256,
            "uncompressed",
        ),
        (of_small_order(), Algorithm::Ed25519Ph, "small order"),
        (
            with_exponent_three(&spki(Algorithm::RsaPkcs1v15_2048Sha256).await),
            Algorithm::RsaPkcs1v15_2048Sha256,
            "exponent",
        ),
    ]
}

async fn spki(algorithm: Algorithm) -> Vec<u8> {
    let signed = Signed::new(algorithm, b"artifact").await;
    decode(&json!(signed.public_key))
}

/// SEC 1 §2.3.3: the first coordinate and whether the second one is odd.
fn with_compressed_point(spki: &[u8]) -> Vec<u8> {
    let (algorithm, point) = (&spki[2..23], &spki[27..]);
    let parity = 2 + point[63] % 2;
    let head = [&[0x30, 0x39], algorithm, &[0x03, 0x22, 0x00, parity]].concat();
    [&head, &point[..32]].concat()
}

/// The neutral element, for which one signature is right for every message.
fn of_small_order() -> Vec<u8> {
    let head = hex::decode("302a300506032b6570032100").unwrap();
    [&head[..], &[1], &[0; 31]].concat()
}

/// The same modulus with an exponent of one byte, so that each of the three lengths around it is two less.
fn with_exponent_three(spki: &[u8]) -> Vec<u8> {
    let mut spki = spki[..spki.len() - 5].to_vec();
    for (at, length) in [(2, 0x0122_u16), (21, 0x010f), (26, 0x010a)] {
        let bytes = &mut spki[at..at + 2];
        assert_eq!(bytes, length.to_be_bytes());
        bytes.copy_from_slice(&(length - 2).to_be_bytes());
    }
    [&spki[..], &[0x02, 0x01, 0x03]].concat()
}

fn pem(spki: &[u8]) -> String {
    let text = STANDARD.encode(spki);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}
