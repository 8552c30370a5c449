//! Requests for certificates that are signed before the clock starts, and whether what comes back is a certificate.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_ct::{SignedEntry, embedded_in};
use sigstead_key::PublicKey;
use sigstead_x509::Certificate;

use crate::authority::Authority;
use crate::provider::Provider;
use crate::variant::TokenAlgorithm;
use crate::workload::answers::{list, text};
use crate::workload::{SigningKey, pem};

/// Requests, each with a token and a key of its own. They can be sent again: each is answered with a new certificate.
pub(crate) fn certificate_requests(
    provider: &Provider,
    algorithm: TokenAlgorithm,
) -> Result<Vec<Vec<u8>>> {
    let request = |number| {
        let key = SigningKey::generate()?;
        let body = json!({
            "credentials": {"oidcIdentityToken": provider.token(algorithm, EMAIL, number)?},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": pem("PUBLIC KEY", &key.spki)},
                "proofOfPossession": STANDARD.encode(key.sign(EMAIL.as_bytes())?),
            },
        });
        Ok(body.to_string().into_bytes())
    };
    (0..REQUESTS).map(request).collect()
}

/// Checks an answer: the certificate is that of the request, the authority signed it, and the CT log promised it.
pub(crate) fn check_certificate(
    answer: &[u8],
    request: &[u8],
    authority: &Authority,
    log_spki: &[u8],
) -> Result<()> {
    let (answer, request): (Value, Value) = (
        serde_json::from_slice(answer)?,
        serde_json::from_slice(request)?,
    );
    let chain = list(&answer["signedCertificateEmbeddedSct"]["chain"]["certificates"]);
    let leaf = Certificate::from_pem(text(chain.first().context("no certificate")?)?)?;
    let key = text(&request["publicKeyRequest"]["publicKey"]["content"])?;
    ensure!(
        *leaf.public_key() == PublicKey::from_pem(key)?,
        "the certificate is for another key"
    );
    leaf.verify_signed_by(&authority.issuer)?;
    let scts = embedded_in(&leaf)?;
    let sct = scts.first().context("no SCT")?;
    let entry = SignedEntry::of_final_certificate(&leaf, &authority.issuer)?;
    sct.verify(entry, &PublicKey::from_spki_der(log_spki)?)?;
    Ok(())
}

pub(crate) const EMAIL: &str = "bench@example.com";
const REQUESTS: usize = 512;
