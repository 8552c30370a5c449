//! Certificates and certificate requests with thousands of extensions, to whoever reads any.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_key::Algorithm;
use tokio::task::JoinSet;

use crate::certificate::{certificate, request};
use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut posts = JoinSet::new();
    for (service, path, body) in bodies() {
        for stranger in [70, 71] {
            let body = body.to_string();
            posts.spawn(async move {
                for _ in 0..TIMES {
                    let status = target.post(service, path, &body, stranger).await;
                    assert!(status >= 400, "{service}{path} took it: {status}");
                }
            });
        }
    }
    while let Some(ended) = posts.join_next().await {
        ended.unwrap();
    }
}

/// Each as large as its path takes it, or nearly.
fn bodies() -> Vec<(&'static str, &'static str, Value)> {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let spki = signer.public_key().spki_der();
    let der = |extensions| STANDARD.encode(certificate(spki, extensions, 0));
    let in_pem = |extensions| STANDARD.encode(pem("CERTIFICATE", &der(extensions)));
    let csr = STANDARD.encode(request(spki, 100_000));
    let csr = STANDARD.encode(pem("CERTIFICATE REQUEST", &csr));
    let v1 = json!({"kind": "hashedrekord", "apiVersion": "0.0.1", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": "00".repeat(32)}},
        "signature": {"content": "MAA=", "publicKey": {"content": in_pem(150_000)}},
    }});
    let v2 = json!({"hashedRekordRequestV002": {
        "digest": STANDARD.encode([0; 32]),
        "signature": {"content": "MAA=", "verifier": {
            "x509Certificate": {"rawBytes": der(110_000)},
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        }},
    }});
    let search = json!({"publicKey": {"format": "x509", "content": in_pem(1_400)}});
    let chain = json!({"chain": [der(3_500), der(800)]});
    let new_certificate = json!({"certificateSigningRequest": csr});
    vec![
        ("tlog", "/api/v1/log/entries", v1),
        ("tlog", "/api/v2/log/entries", v2),
        ("tlog", "/api/v1/index/retrieve", search),
        ("ctlog", "/ct/v1/add-chain", chain.clone()),
        ("ctlog", "/ct/v1/add-pre-chain", chain),
        ("ca", "/api/v2/signingCert", new_certificate.clone()),
        ("ca", "/api/v1/signingCert", new_certificate),
    ]
}

fn pem(label: &str, base64: &str) -> String {
    let lines: Vec<_> = base64
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

const TIMES: usize = 3;
