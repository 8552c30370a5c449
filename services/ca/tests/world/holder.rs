//! Somebody who wants a certificate, and the requests of theirs.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;

/// Somebody who wants a certificate.
pub struct Holder(pub Arc<dyn Signer>);

impl Holder {
    pub fn new(algorithm: Algorithm) -> Self {
        Self(sigstead_signer::ephemeral(algorithm).unwrap())
    }

    pub fn p256() -> Self {
        Self::new(Algorithm::EcdsaP256Sha256)
    }

    pub fn pem(&self) -> String {
        self.0.public_key().to_pem()
    }

    pub async fn proof(&self, name: &str) -> String {
        STANDARD.encode(self.0.sign(name.as_bytes()).await.unwrap())
    }

    /// The v2 body without a token.
    pub async fn request(&self, name: &str) -> Value {
        json!({"publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": self.pem()},
            "proofOfPossession": self.proof(name).await,
        }})
    }

    /// A certification request (RFC 2986), PEM, with a subject that must not matter.
    pub async fn csr(&self) -> String {
        csr_pem(&self.csr_der().await)
    }

    pub async fn csr_der(&self) -> Vec<u8> {
        // CN=mallory
        let subject = tlv(
            0x30,
            &tlv(
                0x31,
                &tlv(
                    0x30,
                    &[&[0x06, 3, 0x55, 4, 3][..], &tlv(0x0c, b"mallory")].concat(),
                ),
            ),
        );
        let info = [
            &[0x02, 1, 0][..],
            &subject,
            self.0.public_key().spki_der(),
            &[0xa0, 0],
        ]
        .concat();
        let info = tlv(0x30, &info);
        let signature = self.0.sign(&info).await.unwrap();
        // ecdsa-with-SHA256
        let algorithm = tlv(0x30, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
        let signature = tlv(0x03, &[&[0][..], &signature].concat());
        tlv(0x30, &[info, algorithm, signature].concat())
    }
}

pub fn csr_pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n")
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, content.to_vec()].concat()
}
