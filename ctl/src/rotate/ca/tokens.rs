//! An issuer of identity tokens that lasts as long as a trial, and that nobody else believes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sigstead_identity::{IssuerConfig, IssuerType, IssuersConfig, PinnedKeys};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;

use crate::failure::Failure;
use crate::rotate::moment::now;

/// Its key is nowhere but in this value.
pub(super) struct TrialIssuer(Arc<dyn Signer>);

impl TrialIssuer {
    pub(super) fn new() -> Result<Self, Failure> {
        let key = sigstead_signer::ephemeral(Algorithm::Ed25519);
        Ok(Self(key.map_err(|error| unusable(&error))?))
    }

    /// The file of issuers that believes it alone.
    pub(super) fn file(&self) -> Result<String, Failure> {
        let x = self.0.public_key().raw_ed25519().unwrap_or_default();
        let keys = json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x),
        }]});
        let issuer = IssuerConfig {
            jwks: Some(PinnedKeys::from_text(keys.to_string())),
            ..IssuerConfig::new(ISSUER, AUDIENCE, IssuerType::Email)
        };
        let file = IssuersConfig::default().with_issuer(issuer).to_yaml();
        file.map_err(|error| unusable(&error))
    }

    /// A token of nobody's.
    pub(super) async fn token(&self) -> Result<String, Failure> {
        let now = now().unix_timestamp();
        let header = json!({"alg": "EdDSA", "kid": KEY_ID, "typ": "JWT"});
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": NOBODY, "iat": now, "exp": now + LIFE,
            "email": NOBODY, "email_verified": true,
        });
        let encode = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = self.0.sign(input.as_bytes()).await;
        let signature = signature.map_err(|error| unusable(&error))?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn unusable(error: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        "the issuer of the trial cannot be made",
        "try again",
    )
    .because(error)
}

/// RFC 2606 §2: no such name is anybody's.
const ISSUER: &str = "https://rotation.invalid";
const NOBODY: &str = "nobody@rotation.invalid";
const AUDIENCE: &str = "sigstore";
const KEY_ID: &str = "trial";
/// More than a trial takes.
const LIFE: i64 = 300;
