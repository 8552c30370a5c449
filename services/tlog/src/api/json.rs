use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use sigstead_entry::{ProposedEntry, Verifier};
use sigstead_key::Algorithm;
use sigstead_protojson::strict;

use crate::append::LogEntry;
use crate::error::{AppendError, Error};

/// Reads the body of a write request. As protobuf's JSON does, it takes both spellings of names and
/// both alphabets of base64; unlike the reference server it passes over unknown fields.
pub(crate) fn decode_request(body: &[u8]) -> Result<ProposedEntry, Error> {
    let request: CreateEntryRequest<'_> = strict::from_slice(body).map_err(AppendError::Json)?;
    match (request.hashed_rekord, request.dsse) {
        (Some(hashed_rekord), None) => hashed_rekord.decode(),
        (None, Some(dsse)) => dsse.decode(),
        _ => Err(AppendError::NotOneEntry.into()),
    }
}

/// Writes the answer to a write request: a `TransparencyLogEntry` with all its fields.
pub(crate) fn encode_entry(entry: &LogEntry) -> Result<Vec<u8>, Error> {
    let hashes = entry.proof.hashes.iter();
    let response = LogEntryResponse {
        log_index: entry.leaf_index.to_string(),
        log_id: LogIdResponse {
            key_id: STANDARD.encode(entry.log_id),
        },
        kind_version: KindVersionResponse {
            kind: sigstead_entry::KIND,
            version: sigstead_entry::API_VERSION,
        },
        integrated_time: "0",
        inclusion_promise: None,
        inclusion_proof: InclusionProofResponse {
            log_index: entry.proof.leaf_index.to_string(),
            root_hash: STANDARD.encode(entry.checkpoint.head.root.as_bytes()),
            tree_size: entry.proof.tree_size.to_string(),
            hashes: hashes
                .map(|hash| STANDARD.encode(hash.as_bytes()))
                .collect(),
            checkpoint: CheckpointResponse {
                envelope: String::from_utf8_lossy(&entry.checkpoint.note),
            },
        },
        canonicalized_body: STANDARD.encode(&entry.canonical_body),
    };
    serde_json::to_vec(&response).map_err(Error::Encode)
}

#[derive(Deserialize)]
struct CreateEntryRequest<'a> {
    #[serde(
        borrow,
        rename = "hashedRekordRequestV002",
        alias = "hashed_rekord_request_v002"
    )]
    hashed_rekord: Option<HashedRekordRequest<'a>>,
    #[serde(borrow, rename = "dsseRequestV002", alias = "dsse_request_v002")]
    dsse: Option<DsseRequest<'a>>,
}

#[derive(Deserialize)]
struct HashedRekordRequest<'a> {
    #[serde(borrow)]
    digest: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<SignatureRequest<'a>>,
}

#[derive(Deserialize)]
struct SignatureRequest<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    verifier: Option<VerifierRequest<'a>>,
}

#[derive(Deserialize)]
struct VerifierRequest<'a> {
    #[serde(borrow, rename = "publicKey", alias = "public_key")]
    public_key: Option<RawBytesRequest<'a>>,
    #[serde(borrow, rename = "x509Certificate", alias = "x509_certificate")]
    x509_certificate: Option<RawBytesRequest<'a>>,
    #[serde(borrow, rename = "keyDetails", alias = "key_details")]
    key_details: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RawBytesRequest<'a> {
    #[serde(borrow, rename = "rawBytes", alias = "raw_bytes")]
    raw_bytes: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct DsseRequest<'a> {
    #[serde(borrow)]
    envelope: Option<EnvelopeRequest<'a>>,
    #[serde(borrow, default)]
    verifiers: Vec<VerifierRequest<'a>>,
}

#[derive(Deserialize)]
struct EnvelopeRequest<'a> {
    #[serde(borrow)]
    payload: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "payloadType", alias = "payload_type")]
    payload_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    signatures: Vec<EnvelopeSignatureRequest<'a>>,
}

#[derive(Deserialize)]
struct EnvelopeSignatureRequest<'a> {
    #[serde(borrow)]
    sig: Option<Cow<'a, str>>,
}

impl HashedRekordRequest<'_> {
    fn decode(self) -> Result<ProposedEntry, Error> {
        let signature = present("signature", self.signature)?;
        let (verifier, algorithm) = present("verifier", signature.verifier)?.decode()?;
        Ok(ProposedEntry {
            digest: bytes("digest", self.digest)?,
            signature: bytes("signature.content", signature.content)?,
            verifier,
            algorithm,
        })
    }
}

impl VerifierRequest<'_> {
    fn decode(self) -> Result<(Verifier, Algorithm), Error> {
        let verifier = match (self.public_key, self.x509_certificate) {
            (Some(key), None) => Verifier::PublicKey(bytes("publicKey", key.raw_bytes)?),
            (None, Some(leaf)) => Verifier::Certificate(bytes("x509Certificate", leaf.raw_bytes)?),
            _ => {
                return Err(Error::Field {
                    field: "verifier",
                    wrong: "must hold either publicKey or x509Certificate",
                });
            }
        };
        let name = present("keyDetails", self.key_details)?;
        let algorithm = Algorithm::from_key_details(&name).ok_or(Error::Field {
            field: "keyDetails",
            wrong: "names no algorithm that this log knows",
        })?;
        Ok((verifier, algorithm))
    }
}

impl DsseRequest<'_> {
    fn decode(self) -> Result<ProposedEntry, Error> {
        let envelope = present("envelope", self.envelope)?;
        let (signatures, verifiers) = (envelope.signatures.len(), self.verifiers.len());
        let mut pairs = envelope.signatures.into_iter().zip(self.verifiers);
        let (Some((signature, verifier)), 1, 1) = (pairs.next(), signatures, verifiers) else {
            return Err(AppendError::NotOneSignature {
                signatures,
                verifiers,
            }
            .into());
        };
        let (verifier, algorithm) = verifier.decode()?;
        let payload = bytes("payload", envelope.payload)?;
        let payload_type = envelope.payload_type.unwrap_or_default();
        let signature = bytes("sig", signature.sig)?;
        Ok(ProposedEntry::from_dsse(
            &payload_type,
            &payload,
            signature,
            verifier,
            algorithm,
        ))
    }
}

fn present<T>(field: &'static str, value: Option<T>) -> Result<T, Error> {
    value.ok_or(Error::Field {
        field,
        wrong: "is missing",
    })
}

fn bytes(field: &'static str, text: Option<Cow<'_, str>>) -> Result<Vec<u8>, Error> {
    let text = present(field, text)?;
    let is_url_safe = text.contains(['-', '_']);
    let engine = if is_url_safe {
        &LENIENT_URL_SAFE
    } else {
        &LENIENT
    };
    engine.decode(text.as_bytes()).map_err(|_| Error::Field {
        field,
        wrong: "is not base64",
    })
}

// Strict readers stop at a member that is missing, is a number, or is unknown to them, so this is the
// message in full and no more: 64-bit numbers as text, zeros and empty lists written out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogEntryResponse<'a> {
    log_index: String,
    log_id: LogIdResponse,
    kind_version: KindVersionResponse,
    integrated_time: &'static str,
    inclusion_promise: Option<()>,
    inclusion_proof: InclusionProofResponse<'a>,
    canonicalized_body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogIdResponse {
    key_id: String,
}

#[derive(Serialize)]
struct KindVersionResponse {
    kind: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InclusionProofResponse<'a> {
    log_index: String,
    root_hash: String,
    tree_size: String,
    hashes: Vec<String>,
    checkpoint: CheckpointResponse<'a>,
}

#[derive(Serialize)]
struct CheckpointResponse<'a> {
    envelope: Cow<'a, str>,
}

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const LENIENT_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);
