use serde::Deserialize;
use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_protojson::strict;

use super::encoding::decode_either;
use super::{Error, verifier::Verifier};
use crate::pae;

/// A DSSE envelope, its payload decoded.
pub(super) struct Envelope {
    pub(super) payload_type: String,
    pub(super) payload: Vec<u8>,
    pub(super) signatures: Vec<EnvelopeSignature>,
}

/// A signature as the envelope has it, and decoded.
pub(super) struct EnvelopeSignature {
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
}

/// What the signatures of an envelope are over, and the work that may still be spent on them.
pub(super) struct SignedMessage {
    encoded: Vec<u8>,
    digest: Vec<u8>,
    attempts: usize,
    bytes: usize,
}

impl Envelope {
    /// Reads the text of an envelope.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let json: EnvelopeJson = strict::from_slice(text.as_bytes()).map_err(Error::Envelope)?;
        let signatures = json.signatures.into_iter();
        let signatures = signatures.map(|each| EnvelopeSignature::new(each.sig));
        Self::new(
            json.payload_type,
            &json.payload,
            signatures.collect::<Result<_, _>>()?,
        )
    }

    pub(super) fn new(
        payload_type: String,
        payload: &str,
        signatures: Vec<EnvelopeSignature>,
    ) -> Result<Self, Error> {
        if signatures.is_empty() {
            return Err(Error::Missing("a signature"));
        }
        check_count("signatures", signatures.len())?;
        Ok(Self {
            payload_type,
            payload: decode_either(payload).ok_or(Error::Base64("the payload"))?,
            signatures,
        })
    }

    /// What the signatures are over.
    pub(super) fn signed_message(&self) -> SignedMessage {
        let encoded = pae(&self.payload_type, &self.payload);
        SignedMessage {
            digest: HashAlgorithm::Sha256.digest(&encoded),
            encoded,
            attempts: MAX_ATTEMPTS,
            bytes: MAX_HASHED_BYTES,
        }
    }
}

impl EnvelopeSignature {
    pub(super) fn new(text: String) -> Result<Self, Error> {
        let bytes = decode_either(&text).filter(|bytes| !bytes.is_empty());
        Ok(Self {
            bytes: bytes.ok_or(Error::Base64("a signature"))?,
            text,
        })
    }

    pub(super) fn as_pair(&self) -> (&str, &[u8]) {
        (&self.text, &self.bytes)
    }
}

impl SignedMessage {
    /// Whether the verifier's key made the signature, with SHA-256 whatever the key's own hash is.
    pub(super) fn is_signed_by(
        &mut self,
        verifier: &Verifier,
        signature: &[u8],
    ) -> Result<bool, Error> {
        let key = verifier.public_key();
        let is_prehashed = key.algorithm().hash() == HashAlgorithm::Sha256;
        self.spend(if is_prehashed { 0 } else { self.encoded.len() })?;
        let verified = if is_prehashed {
            key.verify_prehashed(key.algorithm(), &self.digest, signature)
        } else {
            verify_message(key, &self.encoded, signature)
        };
        Ok(verified.is_ok())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        self.attempts = self.attempts.checked_sub(1).ok_or(Error::TooCostly)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Error::TooCostly)?;
        Ok(())
    }
}

/// Refuses more signatures or verifiers than an envelope may have.
pub(super) fn check_count(what: &'static str, found: usize) -> Result<(), Error> {
    if found > MAX_SIGNATURES {
        return Err(Error::TooMany {
            what,
            found,
            limit: MAX_SIGNATURES,
        });
    }
    Ok(())
}

fn verify_message(
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), sigstead_key::Error> {
    if key.algorithm() == sigstead_key::Algorithm::Ed25519 {
        key.verify(message, signature)
    } else {
        key.verify_with_hash(HashAlgorithm::Sha256, message, signature)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeJson {
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureJson>,
}

#[derive(Deserialize)]
struct SignatureJson {
    sig: String,
}

/// Real envelopes have one or two. More verifiers times more signatures is work that one request makes.
const MAX_SIGNATURES: usize = 10;
// Ten verifiers for ten signatures in the worst order: the first tries ten, the second nine.
const MAX_ATTEMPTS: usize = 55;
// Keys whose signatures do not start from SHA-256 of the message hash all of it each time.
const MAX_HASHED_BYTES: usize = 64 * 1024 * 1024;
