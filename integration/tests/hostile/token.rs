//! Keys and tokens of the issuers.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sigstead_kit::Clock as _;

/// A key of an issuer.
pub(crate) struct IssuerKey(EcdsaKeyPair);

impl IssuerKey {
    pub(crate) fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// RFC 7517 §4.
    pub(crate) fn public(&self, id: &str) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id, "x": x, "y": y})
    }

    /// A token of a person.
    pub(crate) fn token(&self, issuer: &str, key_id: &str) -> String {
        let now = sigstead_kit::SystemClock.now().unix_timestamp();
        let claims = json!({
            "iss": issuer, "aud": "sigstore", "sub": "1", "email": PERSON, "email_verified": true,
            "iat": now, "exp": now + 7200,
        });
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = part(json!({"alg": "ES256", "kid": key_id}));
        let signed = format!("{header}.{}", part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap()))
    }
}

/// What a client sends to get a certificate, but for its token.
pub(crate) struct Proof {
    public_key: String,
    signature: String,
}

impl Proof {
    pub(crate) fn new() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let spki = STANDARD.encode(key.public_key().as_der().unwrap().as_ref());
        let signature = key.sign(&SystemRandom::new(), PERSON.as_bytes()).unwrap();
        Self {
            public_key: format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n"),
            signature: STANDARD.encode(signature),
        }
    }

    /// The request with a token.
    pub(crate) fn request(&self, token: &str) -> String {
        let request = json!({
            "credentials": {"oidcIdentityToken": token},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": self.public_key},
                "proofOfPossession": self.signature,
            },
        });
        request.to_string()
    }
}

/// The person of all tokens.
pub(crate) const PERSON: &str = "person@example.com";
/// How the honest issuers call their key.
pub(crate) const KEY_ID: &str = "honest";
