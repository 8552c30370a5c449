//! The JSON form of requests, which sigstore-js sends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigstead_key::HashAlgorithm;
use sigstead_protojson::strict;
use sigstead_tsp::{Nonce, Policy, TimeStampReq};

use crate::Error;

/// Members as the reference names them; others are read over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TimestampRequest {
    artifact_hash: String,
    hash_algorithm: String,
    #[serde(default)]
    certificates: bool,
    #[serde(default)]
    nonce: Option<u128>,
    #[serde(default, rename = "tsaPolicyOID")]
    tsa_policy_oid: Option<String>,
}

/// Reads a request.
pub(crate) fn decode(body: &[u8]) -> Result<TimeStampReq, Error> {
    if body.len() > LONGEST {
        return Err(Error::JsonLong);
    }
    let request: TimestampRequest =
        strict::from_slice(body).map_err(|_| Error::Json("send artifactHash and hashAlgorithm"))?;
    let hash = match request.hash_algorithm.to_ascii_lowercase().as_str() {
        "sha256" => HashAlgorithm::Sha256,
        "sha384" => HashAlgorithm::Sha384,
        "sha512" => HashAlgorithm::Sha512,
        "sha1" => return Err(sigstead_tsp::Error::HashWeak.into()),
        other => return Err(sigstead_tsp::Error::HashUnknown(other.to_owned()).into()),
    };
    let digest = STANDARD
        .decode(&request.artifact_hash)
        .map_err(|_| Error::Json("artifactHash is not padded standard base64"))?;
    let mut decoded = TimeStampReq::new(hash, &digest)?;
    if let Some(policy) = request.tsa_policy_oid.filter(|policy| !policy.is_empty()) {
        decoded = decoded.with_policy(Policy::parse(&policy)?);
    }
    if let Some(nonce) = request.nonce {
        decoded = decoded.with_nonce(Nonce::from_unsigned(&nonce.to_be_bytes())?);
    }
    Ok(if request.certificates {
        decoded.with_certificates()
    } else {
        decoded
    })
}

/// The reference's limit on this form.
const LONGEST: usize = 1024;
