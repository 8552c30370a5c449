//! What an accepted bundle proves.

use ::time::OffsetDateTime;
use sigstead_key::PublicKey;

/// The result of all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Who signed.
    pub signer: Signer,
    /// When the signature existed, each time from an authority of its own. Empty only for a signature by a known key
    /// without timestamps.
    pub times: Vec<VerifiedTime>,
    /// The index of the entry in its log, as the bundle states it.
    pub log_index: u64,
    /// The log, by the URL that the trusted root gives it.
    pub log_url: String,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// An identity that an authority certified.
    Identity {
        /// The identity.
        identity: String,
        /// The identity provider that vouched for it.
        issuer: String,
    },
    /// The holder of a key that the verifier knows.
    Key(PublicKey),
}

/// A time at which the signature existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedTime {
    /// The time.
    pub time: OffsetDateTime,
    /// Who said so.
    pub source: TimeSource,
}

/// Who vouches for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// A timestamp authority (RFC 3161).
    TimestampAuthority,
    /// A log's promise (Rekor v1).
    Log,
}

impl Accepted {
    /// The earliest verified time.
    #[must_use]
    pub fn time(&self) -> Option<OffsetDateTime> {
        self.times.iter().map(|each| each.time).min()
    }
}
