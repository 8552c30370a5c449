//! Log entries that are signed before the clock starts.

use std::ops::Range;

use anyhow::{Context, Result};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A P-256 key.
pub(crate) struct SigningKey {
    key: EcdsaKeyPair,
    random: SystemRandom,
    pub(crate) spki: Vec<u8>,
}

impl SigningKey {
    pub(crate) fn generate() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .ok()
            .context("no key")?;
        let spki = key.public_key().as_der().ok().context("no public key")?;
        Ok(Self {
            spki: spki.as_ref().to_vec(),
            key,
            random: SystemRandom::new(),
        })
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.key.sign(&self.random, message);
        Ok(signature.ok().context("no signature")?.as_ref().to_vec())
    }
}

/// The artifact of an entry is its number.
pub(crate) fn artifact_digest(number: usize) -> [u8; 32] {
    Sha256::digest(number.to_be_bytes()).into()
}

/// The entries of Rekor v2 with these numbers.
pub(crate) fn v2_entries(key: &SigningKey, numbers: Range<usize>) -> Result<Vec<Vec<u8>>> {
    let verifier = STANDARD.encode(&key.spki);
    numbers
        .map(|number| {
            let body = json!({"hashedRekordRequestV002": {
                "digest": STANDARD.encode(artifact_digest(number)),
                "signature": {
                    "content": STANDARD.encode(key.sign(&number.to_be_bytes())?),
                    "verifier": {
                        "publicKey": {"rawBytes": verifier},
                        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    },
                },
            }});
            Ok(body.to_string().into_bytes())
        })
        .collect()
}

/// PEM in lines of 64 characters, as every writer of it makes them.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (position, character) in text.chars().enumerate() {
        if position > 0 && position.is_multiple_of(64) {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem + &format!("\n-----END {label}-----\n")
}
