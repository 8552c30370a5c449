//! The largest answers of an instance: bundles of 256 entries, each about as long as an entry of its log can be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_key::{Algorithm, HashAlgorithm};
use tokio::task::JoinSet;

use crate::certificate::certificate;
use crate::world::Target;

/// Fills a bundle of each log, and waits until the one of Rekor v2 is read whole.
pub(crate) async fn fill_the_bundles(target: &'static Target) {
    tokio::join!(
        fill(target, "/api/v2/log/entries", FILLING, entry_v2),
        fill(target, "/api/v1/log/entries", FILLING_V1, entry_v1),
    );
    let client = Target::client(90);
    let bundle = format!("http://{}{BUNDLE}", target.services["tlog"]);
    let bundle = client.get(bundle).send().await.unwrap();
    assert_eq!(bundle.status(), 200);
    let length = bundle.bytes().await.unwrap().len();
    println!("a bundle of {length} bytes");
    assert!(length > FILLING * ENTRIES as usize);
}

/// Logs as many entries as a bundle has.
async fn fill(
    target: &'static Target,
    path: &str,
    filling: usize,
    entry: fn(&[u8], &[u8], &[u8]) -> Value,
) {
    let client = Target::client(90);
    let url = format!("http://{}{path}", target.services["tlog"]);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (client, url) = (client.clone(), url.clone());
        writers.spawn(async move {
            let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
            let certificate = certificate(signer.public_key().spki_der(), 0, filling);
            for number in 0..ENTRIES / WRITERS {
                let message = [writer, number].map(u32::to_be_bytes).concat();
                let signature = signer.sign(&message).await.unwrap();
                let digest = HashAlgorithm::Sha256.digest(&message);
                let request = entry(&digest, &signature, &certificate).to_string();
                let post = client.post(&url).header("content-type", "application/json");
                let answer = post.body(request).send().await.unwrap();
                let status = answer.status();
                assert_eq!(status, 201, "{}", answer.text().await.unwrap());
            }
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
}

fn entry_v2(digest: &[u8], signature: &[u8], certificate: &[u8]) -> Value {
    json!({"hashedRekordRequestV002": {
        "digest": STANDARD.encode(digest),
        "signature": {"content": STANDARD.encode(signature), "verifier": {
            "x509Certificate": {"rawBytes": STANDARD.encode(certificate)},
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        }},
    }})
}

fn entry_v1(digest: &[u8], signature: &[u8], certificate: &[u8]) -> Value {
    let base64 = STANDARD.encode(certificate);
    let lines: Vec<_> = base64
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    );
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"kind": "hashedrekord", "apiVersion": "0.0.1", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": digest}},
        "signature": {
            "content": STANDARD.encode(signature),
            "publicKey": {"content": STANDARD.encode(pem)},
        },
    }})
}

pub(crate) const BUNDLE: &str = "/tile/entries/000";
pub(crate) const ENTRIES: u32 = 256;
const WRITERS: u32 = 32;
const FILLING: usize = 45_000;
/// Its entries have the certificate in base64 twice over.
const FILLING_V1: usize = 34_000;
