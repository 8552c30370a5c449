//! One version of a key, as the engine makes, takes, shows and uses it.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A key pair.
pub(super) enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    /// Of a kind that does not sign.
    Aes,
}

/// What is to be signed.
pub(super) enum Input<'a> {
    Message(&'a [u8]),
    Digest(&'a [u8]),
}

impl Pair {
    /// `None` if the engine has no such kind.
    pub(super) fn generate(kind: &str) -> Option<Self> {
        let ecdsa = |algorithm| Self::Ecdsa(EcdsaKeyPair::generate(algorithm).unwrap());
        let rsa = |size| Self::Rsa(RsaKeyPair::generate(size).unwrap());
        Some(match kind {
            "aes256-gcm96" => Self::Aes,
            "ed25519" => Self::Ed25519(Ed25519KeyPair::generate().unwrap()),
            "rsa-2048" => rsa(KeySize::Rsa2048),
            "rsa-3072" => rsa(KeySize::Rsa3072),
            "rsa-4096" => rsa(KeySize::Rsa4096),
            _ => ecdsa(curve(kind)?),
        })
    }

    /// A key that came in from outside; `None` if it is not of that kind.
    pub(super) fn from_pkcs8(kind: &str, pkcs8: &[u8]) -> Option<Self> {
        match kind {
            "ed25519" => Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
                .ok()
                .map(Self::Ed25519),
            "rsa-2048" | "rsa-3072" | "rsa-4096" => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
                let bits = pair.public_modulus_len() * 8;
                (kind == format!("rsa-{bits}")).then_some(Self::Rsa(pair))
            }
            _ => EcdsaKeyPair::from_pkcs8(curve(kind)?, pkcs8)
                .ok()
                .map(Self::Ecdsa),
        }
    }

    /// 32 octets of Ed25519 in base64, and PEM of the others.
    pub(super) fn public(&self) -> Option<String> {
        let spki = match self {
            Self::Ecdsa(pair) => pair.public_key().as_der().unwrap(),
            Self::Rsa(pair) => pair.public_key().as_der().unwrap(),
            Self::Ed25519(pair) => return Some(STANDARD.encode(pair.public_key().as_ref())),
            Self::Aes => return None,
        };
        let text = STANDARD.encode(spki.as_ref());
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        let lines = lines.join("\n");
        Some(format!(
            "-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
        ))
    }

    pub(super) fn sign(&self, hash: &str, input: &Input<'_>) -> Option<Vec<u8>> {
        match (self, input) {
            (Self::Ecdsa(pair), Input::Digest(octets)) => {
                let digest = imported(hash, octets)?;
                Some(pair.sign_digest(&digest).ok()?.as_ref().to_vec())
            }
            (Self::Ed25519(pair), Input::Message(message)) => {
                Some(pair.sign(message).as_ref().to_vec())
            }
            (Self::Rsa(pair), Input::Digest(octets)) => {
                let digest = imported(hash, octets)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature)
                    .ok()?;
                Some(signature)
            }
            _ => None,
        }
    }
}

fn imported(hash: &str, octets: &[u8]) -> Option<digest::Digest> {
    let algorithm = match hash {
        "sha2-256" => &digest::SHA256,
        "sha2-384" => &digest::SHA384,
        "sha2-512" => &digest::SHA512,
        _ => return None,
    };
    digest::Digest::import_less_safe(octets, algorithm).ok()
}

fn curve(kind: &str) -> Option<&'static EcdsaSigningAlgorithm> {
    match kind {
        "ecdsa-p256" => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        "ecdsa-p384" => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        "ecdsa-p521" => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => None,
    }
}
