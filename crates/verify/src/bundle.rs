//! A bundle whose shape is right: it has what its version demands, and nothing else.

use std::collections::BTreeSet;

use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_merkle::{LeafIndex, NodeHash, RootHash};
use sigstead_protojson::Base64Bytes;
use sigstead_x509::Certificate;

use crate::body::Body;
use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure};
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

/// The version of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaType {
    /// Version 0.1: a promise is demanded, a proof is not.
    V0_1,
    /// Version 0.2: a proof is demanded.
    V0_2,
    /// Version 0.3: one certificate instead of a chain.
    V0_3,
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

/// An entry of a signature log, as the bundle states it.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The index; in Rekor v1 the one over all shards.
    pub log_index: u64,
    /// The log.
    pub log_id: Vec<u8>,
    /// The kind of the entry.
    pub kind: String,
    /// The version of the kind.
    pub version: String,
    /// Seconds since 1970.
    pub integrated_time: u64,
    /// The log's promise.
    pub promise: Option<Vec<u8>>,
    /// The proof of inclusion with its checkpoint.
    pub proof: Option<Proof>,
    /// What the log holds.
    pub body: Vec<u8>,
}

/// A proof of inclusion with its checkpoint.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The way from entry to root.
    pub inclusion: sigstead_merkle::InclusionProof,
    /// The root.
    pub root: RootHash,
    /// What the log signed.
    pub checkpoint: String,
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

impl MediaType {
    /// The version that a media type names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "application/vnd.dev.sigstore.bundle+json;version=0.1" => Some(Self::V0_1),
            "application/vnd.dev.sigstore.bundle+json;version=0.2" => Some(Self::V0_2),
            "application/vnd.dev.sigstore.bundle+json;version=0.3"
            | "application/vnd.dev.sigstore.bundle.v0.3+json" => Some(Self::V0_3),
            _ => None,
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

impl LogEntry {
    fn read_all(
        media_type: MediaType,
        entries: Vec<json::TransparencyLogEntry>,
    ) -> Result<Vec<Self>, Failure> {
        if entries.len() > MAX_ENTRIES {
            let expected = format!("at most {MAX_ENTRIES} log entries");
            return Err(Failure::unlike(Check::EntryCount, expected, entries.len()));
        }
        let entries: Result<Vec<_>, _> = entries
            .into_iter()
            .map(|entry| Self::read(media_type, entry))
            .collect();
        let entries = entries?;
        let logs: BTreeSet<_> = entries.iter().map(|entry| &entry.log_id).collect();
        ensure(logs.len() == entries.len(), Check::EntryCount)?;
        Ok(entries)
    }

    fn read(media_type: MediaType, entry: json::TransparencyLogEntry) -> Result<Self, Failure> {
        let missing = Check::BundleVersion;
        let kind = entry.kind_version.failing(missing)?;
        let proof = entry.inclusion_proof.map(Proof::read).transpose()?;
        match media_type {
            MediaType::V0_1 => ensure(entry.inclusion_promise.is_some(), missing)?,
            MediaType::V0_2 | MediaType::V0_3 => ensure(proof.is_some(), missing)?,
        }
        Ok(Self {
            log_index: entry.log_index,
            log_id: entry.log_id.failing(missing)?.key_id.as_slice().to_vec(),
            kind: kind.kind,
            version: kind.version,
            integrated_time: entry.integrated_time,
            promise: entry
                .inclusion_promise
                .map(|promise| promise.signed_entry_timestamp.as_slice().to_vec()),
            proof,
            body: entry
                .canonicalized_body
                .failing(missing)?
                .as_slice()
                .to_vec(),
        })
    }
}

impl Proof {
    /// A proof without a checkpoint proves nothing, for nobody signed its root. It is refused, not read over: what looks
    /// like a proof is one.
    fn read(proof: json::InclusionProof) -> Result<Self, Failure> {
        let checkpoint = proof.checkpoint.ok_or_else(|| {
            let expected = "an inclusion proof with its checkpoint";
            Failure::unlike(Check::BundleVersion, expected, "one without")
        })?;
        let hashes: Result<Vec<_>, _> = proof
            .hashes
            .iter()
            .map(Base64Bytes::as_slice)
            .map(NodeHash::try_from)
            .collect();
        Ok(Self {
            inclusion: sigstead_merkle::InclusionProof {
                leaf_index: LeafIndex::new(proof.log_index),
                tree_size: proof.tree_size,
                hashes: hashes.failing(Check::Inclusion)?,
            },
            root: RootHash::try_from(proof.root_hash.as_slice()).failing(Check::Inclusion)?,
            checkpoint: checkpoint.envelope,
        })
    }
}

/// What the official clients read. More is no use to anybody, and each costs its verifier something.
const MAX_ENTRIES: usize = 32;
