//! What an accepted bundle proves.

use ::time::OffsetDateTime;
use sigstead_key::PublicKey;
use sigstead_x509::{Certificate, FulcioExtensions};

use crate::artifact::Digests;
use crate::statement::{Statement, Subject};

/// The result of all checks. Everything in it was verified: nobody has to read the bundle again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Who signed.
    pub signer: Signer,
    /// When the signature existed, each time from a service of its own. Empty only for a signature by a known key without
    /// timestamps.
    pub times: Vec<VerifiedTime>,
    /// The log entries about the signature.
    pub entries: Vec<VerifiedEntry>,
    /// The digests by which the artifact was compared.
    pub artifact: Digests,
    /// What was attested about the artifact; none for a signature over the artifact itself.
    pub attestation: Option<Attestation>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// An identity that an authority certified.
    Identity(Box<CertifiedSigner>),
    /// The holder of a key that the verifier knows.
    Key(PublicKey),
}

/// A signer with a certificate of an authority of the trusted root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedSigner {
    /// The identity, as the certificate has it.
    pub identity: String,
    /// The identity provider that vouched for it.
    pub issuer: String,
    /// What the identity provider said beside.
    pub claims: FulcioExtensions,
    /// The certificate.
    pub certificate: Certificate,
    /// The authority that issued it, by the URL that the trusted root gives it.
    pub authority_url: String,
    /// When which certificate log promised to log it.
    pub scts: Vec<VerifiedTime>,
}

/// A time at which the signature existed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    /// The time.
    pub time: OffsetDateTime,
    /// Who said so.
    pub source: TimeSource,
    /// The service, by the URL that the trusted root gives it.
    pub url: String,
}

/// What kind of service vouches for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// A timestamp authority (RFC 3161).
    TimestampAuthority,
    /// A log's promise (Rekor v1).
    Log,
    /// A certificate log's promise (RFC 6962).
    CertificateLog,
}

/// An entry of a log of the trusted root. Only what the log signed is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// The log, by the URL that the trusted root gives it.
    pub log_url: String,
    /// The identifier of the log.
    pub log_id: Vec<u8>,
    /// The kind of the entry.
    pub kind: String,
    /// The version of the kind.
    pub version: String,
    /// The index over all shards of the log, where the log promised it (Rekor v1).
    pub promised_index: Option<u64>,
    /// The index in the tree, where there is a proof.
    pub tree_index: Option<u64>,
    /// The size of the tree that the proof is of.
    pub tree_size: Option<u64>,
}

/// What was attested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The statement.
    pub statement: Statement,
    /// The subject that is the artifact.
    pub subject: Subject,
    /// The statement's bytes as they were signed.
    pub payload: Vec<u8>,
}

impl Accepted {
    /// The earliest verified time.
    #[must_use]
    pub fn time(&self) -> Option<OffsetDateTime> {
        self.times.iter().map(|each| each.time).min()
    }
}

impl VerifiedEntry {
    /// The index by which the log's own interface finds the entry.
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        self.promised_index.or(self.tree_index)
    }
}
