//! The keys of the issuers, which all have the same.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
    /// With a key on P-256 that no issuer publishes.
    Stranger,
    /// HMAC with SHA-256, the secret being something that everybody knows.
    Hmac(Secret),
}

/// What a reader might take for a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Empty,
    PublicKeyDer,
    PublicKeyPem,
    PublicPoint,
    KeyId,
}

pub(crate) struct Keys {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    p521: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    stranger: EcdsaKeyPair,
}

impl Signing {
    /// The name in the header (RFC 7518 §3.1, RFC 8037 §3.1).
    pub(crate) fn algorithm(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 | Self::Stranger => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Hmac(_) => "HS256",
        }
    }

    /// The name of the key in the set.
    pub(crate) fn key_id(self) -> &'static str {
        match self {
            Self::Es384 => "p384",
            Self::Es512 => "p521",
            Self::EdDsa => "ed25519",
            Self::Es256 | Self::Stranger | Self::Hmac(_) => "p256",
            _ => "rsa",
        }
    }
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
            p521: EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap(),
            ed25519: Ed25519KeyPair::generate().unwrap(),
            stranger: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        }
    }

    pub(crate) fn sign(&self, how: Signing, message: &[u8]) -> Vec<u8> {
        match how {
            Signing::Rs256 => self.sign_rsa(&RSA_PKCS1_SHA256, message),
            Signing::Rs384 => self.sign_rsa(&RSA_PKCS1_SHA384, message),
            Signing::Rs512 => self.sign_rsa(&RSA_PKCS1_SHA512, message),
            Signing::Ps256 => self.sign_rsa(&RSA_PSS_SHA256, message),
            Signing::Ps384 => self.sign_rsa(&RSA_PSS_SHA384, message),
            Signing::Ps512 => self.sign_rsa(&RSA_PSS_SHA512, message),
            Signing::Es256 => sign_ecdsa(&self.p256, message),
            Signing::Es384 => sign_ecdsa(&self.p384, message),
            Signing::Es512 => sign_ecdsa(&self.p521, message),
            Signing::Stranger => sign_ecdsa(&self.stranger, message),
            Signing::EdDsa => self.ed25519.sign(message).as_ref().to_vec(),
            Signing::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret(secret));
                hmac::sign(&key, message).as_ref().to_vec()
            }
        }
    }

    /// The set that issuers publish. Key `rs256` is the one of `rsa` for one algorithm only.
    pub(crate) fn set(&self) -> Value {
        let rsa = |kid: &str| {
            // RFC 8017 §A.1.1: the modulus of 2048 bits begins behind two headers and a zero.
            let modulus = encode(&self.rsa.public_key().as_ref()[9..265]);
            json!({"kty": "RSA", "kid": kid, "use": "sig", "n": modulus, "e": "AQAB"})
        };
        let mut rs256 = rsa("rs256");
        rs256["alg"] = json!("RS256");
        json!({"keys": [
            rsa("rsa"),
            rs256,
            point(&self.p256, "p256", "P-256"),
            point(&self.p384, "p384", "P-384"),
            point(&self.p521, "p521", "P-521"),
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed25519", "x": encode(self.ed25519.public_key().as_ref())},
        ]})
    }

    /// The key that no issuer publishes, as a header could bring it.
    pub(crate) fn stranger(&self) -> Value {
        point(&self.stranger, "p256", "P-256")
    }

    fn sign_rsa(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        self.rsa
            .sign(encoding, &random, message, &mut signature)
            .unwrap();
        signature
    }

    fn secret(&self, secret: Secret) -> Vec<u8> {
        let spki: PublicKeyX509Der<'_> = self.p256.public_key().as_der().unwrap();
        let der = spki.as_ref().to_vec();
        match secret {
            Secret::Empty => Vec::new(),
            Secret::PublicKeyPem => {
                let body = STANDARD.encode(der);
                let (first, second) = body.split_at(64);
                format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
                    .into_bytes()
            }
            Secret::PublicKeyDer => der,
            Secret::PublicPoint => self.p256.public_key().as_ref().to_vec(),
            Secret::KeyId => b"p256".to_vec(),
        }
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign_ecdsa(key: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    key.sign(&SystemRandom::new(), message)
        .unwrap()
        .as_ref()
        .to_vec()
}

fn point(key: &EcdsaKeyPair, kid: &str, curve: &str) -> Value {
    let coordinates = &key.public_key().as_ref()[1..];
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({"kty": "EC", "crv": curve, "kid": kid, "x": encode(x), "y": encode(y)})
}
