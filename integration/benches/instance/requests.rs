//! Requests that are ready before the clock starts, for the services that take one more than once.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_integration::Instance;

use crate::workload::{Load, SigningKey, Target, artifact_digest, pem};

/// Nothing but HTTP.
pub(crate) fn ping(instance: &Instance) -> Result<Load> {
    Ok(Load {
        target: Target::new(&instance.url("tsa"), "GET", "/ping")?,
        bodies: vec![Vec::new()].into(),
        once: false,
    })
}

/// RFC 3161 requests over JSON, each for a digest of its own.
pub(crate) fn timestamps(instance: &Instance) -> Result<Load> {
    let body = |number| {
        json!({
            "artifactHash": STANDARD.encode(artifact_digest(number)),
            "hashAlgorithm": "sha256",
        })
    };
    Ok(Load {
        target: Target::new(&instance.url("tsa"), "POST", "/api/v1/timestamp")?,
        bodies: (0..512)
            .map(|number| body(number).to_string().into_bytes())
            .collect(),
        once: false,
    })
}

/// Requests for certificates, each for a key of its own.
pub(crate) fn certificates(instance: &Instance) -> Result<Load> {
    let token = instance.token(IDENTITY)?;
    let body = || {
        let key = SigningKey::generate()?;
        let proof = key.sign(IDENTITY.as_bytes())?;
        let body = json!({
            "credentials": {"oidcIdentityToken": token},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": pem("PUBLIC KEY", &key.spki)},
                "proofOfPossession": STANDARD.encode(proof),
            },
        });
        Ok(body.to_string().into_bytes())
    };
    Ok(Load {
        target: Target::new(&instance.url("ca"), "POST", "/api/v2/signingCert")?,
        bodies: (0..256).map(|_| body()).collect::<Result<_>>()?,
        once: false,
    })
}

const IDENTITY: &str = "bench@example.com";
