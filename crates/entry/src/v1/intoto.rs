use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sigstead_protojson::strict;

use super::canonical::{
    self, Hash, Hashes, Intoto002Content, Intoto002Envelope, Intoto002Signature,
};
use super::encoding::Base64;
use super::envelope::{Envelope, EnvelopeSignature};
use super::statement::digests;
use super::verifier::Verifier;
use super::{Error, Kind, SearchTerm};

/// `intoto` 0.0.1: an envelope, and the key of one of its signatures.
pub(super) struct Intoto001 {
    text: String,
    envelope: Envelope,
    public_key: Base64,
}

/// `intoto` 0.0.2: an envelope with a key beside each signature.
pub(super) struct Intoto002 {
    envelope: Envelope,
    /// As they enter the log.
    signatures: Vec<Intoto002Signature>,
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec001 {
    content: Content001,
    public_key: Base64,
}

// The digests that a proposal may bring do not count, so they are not read.
#[derive(Deserialize)]
struct Content001 {
    envelope: Option<String>,
}

#[derive(Deserialize)]
struct Spec002 {
    content: Content002,
}

#[derive(Deserialize)]
struct Content002 {
    envelope: Envelope002,
    hash: Option<Hash>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope002 {
    payload_type: String,
    payload: Option<Base64>,
    signatures: Vec<Signature002>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signature002 {
    #[serde(rename = "keyid")]
    key_id: Option<String>,
    public_key: Base64,
    sig: Base64,
}

impl Intoto001 {
    pub(super) fn from_spec(spec: &[u8]) -> Result<Self, Error> {
        let spec: Spec001 = strict::from_slice(spec).map_err(Error::Schema)?;
        let text = spec.content.envelope.filter(|text| !text.is_empty());
        let text = text.ok_or(Error::Missing("the envelope"))?;
        let envelope = Envelope::parse(&text)?;
        check_filled(&envelope)?;
        Ok(Self {
            text,
            envelope,
            public_key: spec.public_key,
        })
    }

    /// The canonical body, and what the entry can be found by that the body does not hold.
    pub(super) fn verify(self) -> Result<(Vec<u8>, Vec<SearchTerm>), Error> {
        let verifier = Verifier::from_pem(&self.public_key.0)?;
        let mut message = self.envelope.signed_message();
        let mut is_signed = false;
        for signature in &self.envelope.signatures {
            is_signed = is_signed || message.is_signed_by(&verifier, &signature.bytes)?;
        }
        if !is_signed {
            return Err(Error::SignatureInvalid);
        }
        let spec = canonical::Intoto001 {
            content: Hashes {
                hash: Hash::sha256(self.text.as_bytes()),
                payload_hash: Hash::sha256(&self.envelope.payload),
            },
            public_key: Base64(verifier.to_pem().into_bytes()),
        };
        Ok((
            canonical::write(Kind::Intoto001, spec)?,
            digests(&self.envelope),
        ))
    }
}

impl Intoto002 {
    pub(super) fn from_spec(spec: &[u8]) -> Result<Self, Error> {
        let spec: Spec002 = strict::from_slice(spec).map_err(Error::Schema)?;
        let Content002 { envelope, hash } = spec.content;
        let payload = envelope.payload.ok_or(Error::Missing("the payload"))?;
        let payload = text_of(payload, "the payload")?;
        let signatures = envelope.signatures.iter();
        let decoded = signatures.map(|each| {
            let text = text_of(each.sig.clone(), "a signature")?;
            EnvelopeSignature::new(text)
        });
        let decoded = decoded.collect::<Result<_, _>>()?;
        let signatures = envelope.signatures.into_iter().map(Signature002::canonical);
        let signatures: Vec<_> = signatures.collect();
        let envelope = Envelope::new(envelope.payload_type, &payload, decoded)?;
        check_filled(&envelope)?;
        let hash = match hash {
            Some(hash) => hash,
            None => envelope_hash(&envelope, &signatures)?,
        };
        hash.decode()?;
        Ok(Self {
            envelope,
            signatures,
            hash,
        })
    }

    /// The canonical body, and what the entry can be found by that the body does not hold.
    pub(super) fn verify(self) -> Result<(Vec<u8>, Vec<SearchTerm>), Error> {
        let mut message = self.envelope.signed_message();
        // Each by the key beside it: the log would else name a key that did not sign.
        for (decoded, signature) in self.envelope.signatures.iter().zip(&self.signatures) {
            let verifier = Verifier::from_pem(&signature.public_key.0)?;
            if !message.is_signed_by(&verifier, &decoded.bytes)? {
                return Err(Error::SignatureInvalid);
            }
        }
        let terms = digests(&self.envelope);
        let spec = canonical::Intoto002 {
            content: Intoto002Content {
                hash: self.hash,
                payload_hash: Hash::sha256(&self.envelope.payload),
                envelope: Intoto002Envelope {
                    payload_type: self.envelope.payload_type,
                    signatures: self.signatures,
                },
            },
        };
        Ok((canonical::write(Kind::Intoto002, spec)?, terms))
    }
}

impl Signature002 {
    // The key stays as it was sent, here alone: Rekor 1.5 writes it so, and the leaf hash depends on it.
    fn canonical(self) -> Intoto002Signature {
        Intoto002Signature {
            key_id: self.key_id.unwrap_or_default(),
            public_key: self.public_key,
            sig: self.sig,
        }
    }
}

fn check_filled(envelope: &Envelope) -> Result<(), Error> {
    if envelope.payload_type.is_empty() {
        return Err(Error::Missing("the type of the payload"));
    }
    if envelope.payload.is_empty() {
        return Err(Error::Missing("the payload"));
    }
    Ok(())
}

fn text_of(bytes: Base64, what: &'static str) -> Result<String, Error> {
    String::from_utf8(bytes.0).map_err(|_| Error::Base64(what))
}

/// The digest of an envelope whose text the log never sees. Clients that send one do not agree on how to write the
/// envelope, so theirs is logged unchecked; where none is sent, this is how sigstore-js writes it.
fn envelope_hash(envelope: &Envelope, signatures: &[Intoto002Signature]) -> Result<Hash, Error> {
    let signatures = envelope.signatures.iter().zip(signatures);
    let signatures = signatures.map(|(decoded, signature)| WrittenSignature {
        key_id: &signature.key_id,
        public_key: String::from_utf8_lossy(&signature.public_key.0).into_owned(),
        sig: &decoded.text,
    });
    let text = serde_json::to_vec(&WrittenEnvelope {
        payload: STANDARD.encode(&envelope.payload),
        payload_type: &envelope.payload_type,
        signatures: signatures.collect(),
    });
    Ok(Hash::sha256(&text.map_err(Error::Encode)?))
}

// RFC 8785: the members are sorted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEnvelope<'a> {
    payload: String,
    payload_type: &'a str,
    signatures: Vec<WrittenSignature<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenSignature<'a> {
    #[serde(rename = "keyid", skip_serializing_if = "str::is_empty")]
    key_id: &'a str,
    public_key: String,
    sig: &'a str,
}
