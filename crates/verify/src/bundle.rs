//! A bundle whose shape is right: it has what its version demands, and nothing else.

use std::collections::BTreeSet;

use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_x509::Certificate;

use crate::body::Body;
use crate::bundle_entry::{LogEntry, MediaType};
use crate::check::Check;
use crate::failure::{Failing as _, Failure};
use crate::json;
use crate::statement::Statement;

/// A bundle. Nothing in it has been verified.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Its version.
    pub media_type: MediaType,
    /// What the signature is verified with.
    pub material: Material,
    /// The signature, and what it is over.
    pub content: Content,
    /// Its log entries, each in a log of its own.
    pub entries: Vec<LogEntry>,
    /// Responses of timestamp authorities, DER.
    pub timestamps: Vec<Vec<u8>>,
}

/// What a signature is verified with.
#[derive(Debug, Clone)]
pub enum Material {
    /// The signing certificate. What a bundle says of its issuers does not count: the trusted root has them.
    Certificate(Box<Certificate>),
    /// A key that the verifier knows.
    PublicKey,
}

/// A signature, and what it is over.
#[derive(Debug, Clone)]
pub enum Content {
    /// A signature over the artifact.
    Message {
        /// Which artifact, as the bundle says.
        digest: Option<(HashAlgorithm, Vec<u8>)>,
        /// The signature.
        signature: Vec<u8>,
    },
    /// A signature over an attestation.
    Envelope {
        /// Of which type the attestation is.
        payload_type: String,
        /// The attestation.
        payload: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
    },
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// If it is no bundle, has unknown members, or not the members of its version.
    pub fn parse(json: &[u8]) -> Result<Self, Failure> {
        let wire = json::Bundle::parse(json)?;
        Self::try_from(wire)
    }

    /// The hash functions by whose digests the artifact can be verified. `key` is the key that is asked for, where the
    /// bundle has no certificate.
    ///
    /// # Errors
    /// If the bundle cannot be verified because of what it says there.
    pub fn hashes(&self, key: Option<&PublicKey>) -> Result<BTreeSet<HashAlgorithm>, Failure> {
        match &self.content {
            Content::Message { digest, .. } => {
                let mut hashes = self.signature_hashes(key)?;
                hashes.extend(digest.as_ref().map(|(algorithm, _)| *algorithm));
                Ok(hashes)
            }
            Content::Envelope {
                payload_type,
                payload,
                ..
            } => Ok(Statement::read(payload_type, payload)?.hashes().collect()),
        }
    }

    /// Whether the signature is over the message itself, so that no digest of the artifact is enough.
    #[must_use]
    pub fn needs_artifact(&self, key: Option<&PublicKey>) -> bool {
        let is_message = matches!(self.content, Content::Message { .. });
        is_message
            && self
                .key(key)
                .is_some_and(|key| key.algorithm() == Algorithm::Ed25519)
    }

    /// The hash functions that the signature may be over.
    pub(crate) fn signature_hashes(
        &self,
        key: Option<&PublicKey>,
    ) -> Result<BTreeSet<HashAlgorithm>, Failure> {
        let mut hashes: BTreeSet<_> = self.named_hashes()?;
        hashes.extend(self.key(key).map(|key| key.algorithm().hash()));
        Ok(hashes)
    }

    /// The hash functions that the bundle and its entries of Rekor v1 name. An entry of Rekor v2 leaves no choice.
    pub(crate) fn named_hashes(&self) -> Result<BTreeSet<HashAlgorithm>, Failure> {
        let mut hashes = BTreeSet::new();
        if let Content::Message {
            digest: Some((algorithm, _)),
            ..
        } = &self.content
        {
            hashes.insert(*algorithm);
        }
        for entry in &self.entries {
            match Body::read(entry)?.hash()? {
                Some(algorithm) => hashes.insert(algorithm),
                None => return Ok(BTreeSet::new()),
            };
        }
        Ok(hashes)
    }

    fn key<'a>(&'a self, key: Option<&'a PublicKey>) -> Option<&'a PublicKey> {
        match &self.material {
            Material::Certificate(leaf) => Some(leaf.public_key()),
            Material::PublicKey => key,
        }
    }

    /// The signature's bytes.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        match &self.content {
            Content::Message { signature, .. } | Content::Envelope { signature, .. } => signature,
        }
    }
}

impl TryFrom<json::Bundle> for Bundle {
    type Error = Failure;

    fn try_from(wire: json::Bundle) -> Result<Self, Failure> {
        let media_type = MediaType::parse(&wire.media_type).ok_or_else(|| {
            let found = format!("{:?}", wire.media_type);
            Failure::unlike(Check::MediaType, "a bundle of version 0.1 to 0.3", found)
        })?;
        let material = wire.verification_material;
        let timestamps = material.timestamp_verification_data.unwrap_or_default();
        Ok(Self {
            media_type,
            material: Material::read(
                media_type,
                material.public_key.is_some(),
                material.x509_certificate_chain,
                material.certificate,
            )?,
            content: Content::read(wire.message_signature, wire.dsse_envelope)?,
            entries: LogEntry::read_all(media_type, material.tlog_entries)?,
            timestamps: timestamps
                .rfc3161_timestamps
                .iter()
                .map(|timestamp| timestamp.signed_timestamp.as_slice().to_vec())
                .collect(),
        })
    }
}

impl Material {
    fn read(
        media_type: MediaType,
        is_key: bool,
        chain: Option<json::CertificateChain>,
        certificate: Option<json::RawCertificate>,
    ) -> Result<Self, Failure> {
        let certificates = match (is_key, chain, certificate) {
            (true, None, None) => return Ok(Self::PublicKey),
            (false, Some(chain), None) if media_type < MediaType::V0_3 => chain.certificates,
            (false, None, Some(certificate)) if media_type == MediaType::V0_3 => vec![certificate],
            _ => return Err(Check::BundleVersion.into()),
        };
        // The others are not even read: early clients stored the whole chain, root included, and the specification has
        // verifiers take all of it from the trusted root.
        let leaf = certificates.first().failing(Check::CertificateForm)?;
        let leaf = Certificate::from_der(leaf.raw_bytes.as_slice());
        let leaf = Box::new(leaf.failing(Check::CertificateForm)?);
        Ok(Self::Certificate(leaf))
    }
}

impl Content {
    fn read(
        message: Option<json::MessageSignature>,
        envelope: Option<json::Envelope>,
    ) -> Result<Self, Failure> {
        match (message, envelope) {
            (Some(message), None) => Ok(Self::Message {
                digest: message.message_digest.map(read_digest).transpose()?,
                signature: message.signature.as_slice().to_vec(),
            }),
            (None, Some(envelope)) => {
                let [signature] = envelope.signatures.as_slice() else {
                    return Err(Check::SignatureCount.into());
                };
                Ok(Self::Envelope {
                    signature: signature.sig.as_slice().to_vec(),
                    payload_type: envelope.payload_type,
                    payload: envelope.payload.as_slice().to_vec(),
                })
            }
            _ => Err(Check::BundleVersion.into()),
        }
    }
}

fn read_digest(digest: json::HashOutput) -> Result<(HashAlgorithm, Vec<u8>), Failure> {
    let algorithm = HashAlgorithm::from_name(&digest.algorithm).failing(Check::BundleJson)?;
    Ok((algorithm, digest.digest.as_slice().to_vec()))
}
