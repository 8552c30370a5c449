//! The JSON of RFC 6962 §4.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ct::SignedCertificateTimestamp;
use serde::{Deserialize, Serialize};
use x509::Certificate;

use crate::Error;

/// RFC 6962 §4.1.
#[derive(Deserialize)]
struct AddChainRequest {
    chain: Vec<String>,
}

/// RFC 6962 §4.1.
#[derive(Serialize)]
struct AddChainResponse {
    sct_version: u8,
    id: String,
    timestamp: u64,
    extensions: String,
    signature: String,
}

/// RFC 6962 §4.7.
#[derive(Serialize)]
struct GetRootsResponse {
    certificates: Vec<String>,
}

/// Reads a submission.
pub(crate) fn decode_chain(body: &[u8]) -> Result<Vec<Certificate>, Error> {
    let request: AddChainRequest = serde_json::from_slice(body).map_err(Error::Json)?;
    let decode = |(position, text): (usize, &String)| {
        let der = STANDARD.decode(text).map_err(|_| Error::Base64(position))?;
        Certificate::from_der(&der).map_err(|source| Error::Certificate { position, source })
    };
    request.chain.iter().enumerate().map(decode).collect()
}

/// Writes the answer to a submission.
pub(crate) fn encode_sct(sct: &SignedCertificateTimestamp) -> Result<Vec<u8>, Error> {
    let response = AddChainResponse {
        sct_version: 0,
        id: STANDARD.encode(sct.log_id.as_bytes()),
        timestamp: sct.timestamp_millis,
        extensions: STANDARD.encode(&sct.extensions),
        signature: STANDARD.encode(sct.signature.encode()?),
    };
    serde_json::to_vec(&response).map_err(Error::Encode)
}

/// Writes the accepted roots.
pub(crate) fn encode_roots(roots: &[Certificate]) -> Result<Vec<u8>, Error> {
    let certificates = roots
        .iter()
        .map(|root| STANDARD.encode(root.to_der()))
        .collect();
    serde_json::to_vec(&GetRootsResponse { certificates }).map_err(Error::Encode)
}
