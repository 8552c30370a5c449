//! The largest answer of an instance: a bundle of 256 entries, each about as long as an entry can be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_key::{Algorithm, HashAlgorithm};
use tokio::task::JoinSet;

use crate::certificate::certificate;
use crate::world::Target;

/// Logs as many entries as a bundle has, and waits until the bundle is read whole.
pub(crate) async fn fill_a_bundle(target: &'static Target) {
    let client = Target::client(90);
    let url = |path: &str| format!("http://{}{path}", target.services["tlog"]);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (client, url) = (client.clone(), url("/api/v2/log/entries"));
        writers.spawn(async move {
            let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
            let certificate = certificate(signer.public_key().spki_der(), 0, FILLING);
            for number in 0..ENTRIES / WRITERS {
                let message = [writer, number].map(u32::to_be_bytes).concat();
                let signature = signer.sign(&message).await.unwrap();
                let request = json!({"hashedRekordRequestV002": {
                    "digest": STANDARD.encode(HashAlgorithm::Sha256.digest(&message)),
                    "signature": {"content": STANDARD.encode(signature), "verifier": {
                        "x509Certificate": {"rawBytes": STANDARD.encode(&certificate)},
                        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    }},
                }});
                let answer = client.post(&url).body(request.to_string()).send();
                let answer = answer.await.unwrap();
                let status = answer.status();
                assert_eq!(status, 201, "{}", answer.text().await.unwrap());
            }
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let bundle = client.get(url(BUNDLE)).send().await.unwrap();
    assert_eq!(bundle.status(), 200);
    let length = bundle.bytes().await.unwrap().len();
    println!("a bundle of {length} bytes");
    assert!(length > FILLING * ENTRIES as usize);
}

pub(crate) const BUNDLE: &str = "/tile/entries/000";
const ENTRIES: u32 = 256;
const WRITERS: u32 = 32;
const FILLING: usize = 45_000;
