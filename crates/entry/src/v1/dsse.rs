use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstead_protojson::strict;

use super::canonical::{self, DsseSignature, Hash};
use super::encoding::Base64;
use super::envelope::{Envelope, EnvelopeSignature, SignedMessage, check_count};
use super::statement::digests;
use super::verifier::Verifier;
use super::{Error, Kind, SearchTerm};

/// `dsse` 0.0.1: an envelope, and what verifies its signatures.
pub(super) struct Dsse {
    text: String,
    envelope: Envelope,
    verifiers: Vec<Base64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    proposed_content: Option<ProposedContent>,
    envelope_hash: Option<IgnoredAny>,
    payload_hash: Option<IgnoredAny>,
    signatures: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct ProposedContent {
    envelope: String,
    verifiers: Vec<Base64>,
}

impl Dsse {
    pub(super) fn from_spec(spec: &[u8]) -> Result<Self, Error> {
        let spec: Spec = strict::from_slice(spec).map_err(Error::Schema)?;
        if spec.envelope_hash.is_some() {
            return Err(Error::NotProposable("envelopeHash"));
        }
        if spec.payload_hash.is_some() {
            return Err(Error::NotProposable("payloadHash"));
        }
        // Clients in Go send the member of theirs that has nothing in it.
        if spec.signatures.is_some_and(|each| !each.is_empty()) {
            return Err(Error::NotProposable("signatures"));
        }
        let proposed = spec.proposed_content;
        let proposed = proposed.ok_or(Error::Missing("proposedContent"))?;
        Self::new(proposed)
    }

    fn new(proposed: ProposedContent) -> Result<Self, Error> {
        if proposed.verifiers.is_empty() {
            return Err(Error::Missing("a verifier"));
        }
        check_count("verifiers", proposed.verifiers.len())?;
        let envelope = Envelope::parse(&proposed.envelope)?;
        // They enter the log as they are, and its readers know one alphabet.
        let mut signatures = envelope.signatures.iter();
        if !signatures.all(|each| STANDARD.decode(&each.text).is_ok()) {
            return Err(Error::Base64("a signature"));
        }
        Ok(Self {
            envelope,
            text: proposed.envelope,
            verifiers: proposed.verifiers,
        })
    }

    /// The canonical body, and what the entry can be found by that the body does not hold.
    pub(super) fn verify(self) -> Result<(Vec<u8>, Vec<SearchTerm>), Error> {
        let verified = self.verified()?;
        // A map by the text of the signature sorts them, and makes one of those that are equal.
        let signatures = verified.iter().map(|(text, verifier)| DsseSignature {
            signature: (*text).to_owned(),
            verifier: Base64(verifier.to_pem().into_bytes()),
        });
        let spec = canonical::Dsse {
            envelope_hash: Hash::sha256(self.text.as_bytes()),
            payload_hash: Hash::sha256(&self.envelope.payload),
            signatures: signatures.collect(),
        };
        Ok((
            canonical::write(Kind::Dsse001, spec)?,
            digests(&self.envelope),
        ))
    }

    /// The signatures, each with the last verifier that claimed it. Verifiers take part in their order until no
    /// signature is left; each that takes part has to have made a signature.
    fn verified(&self) -> Result<BTreeMap<&str, Verifier>, Error> {
        let mut message = self.envelope.signed_message();
        let signatures = self.envelope.signatures.iter();
        let mut open: BTreeMap<&str, &[u8]> = signatures.map(EnvelopeSignature::as_pair).collect();
        let mut done = BTreeMap::new();
        let mut verified = BTreeMap::new();
        for content in &self.verifiers {
            if open.is_empty() {
                break;
            }
            let verifier = Verifier::from_pem(&content.0)?;
            let made = match find_made(&mut message, &verifier, &open)? {
                Some(made) => Some(made),
                None => find_made(&mut message, &verifier, &done)?,
            };
            let made = made.ok_or(Error::VerifierUnused)?;
            done.extend(open.remove_entry(made));
            verified.insert(made, verifier);
        }
        if open.is_empty() {
            Ok(verified)
        } else {
            Err(Error::SignatureUnverified)
        }
    }
}

/// The first of some signatures that the verifier's key made.
fn find_made<'a>(
    message: &mut SignedMessage,
    verifier: &Verifier,
    signatures: &BTreeMap<&'a str, &[u8]>,
) -> Result<Option<&'a str>, Error> {
    for (text, bytes) in signatures {
        if message.is_signed_by(verifier, bytes)? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}
