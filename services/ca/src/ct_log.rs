//! The certificate transparency logs, as the authority sees them.

use std::time::Duration;

use async_trait::async_trait;
use sigstead_ct::{IssuerKeyHash, SignedCertificateTimestamp, SignedEntry};
use sigstead_key::PublicKey;
use sigstead_x509::{Certificate, Precertificate};
use time::OffsetDateTime;

mod breaker;
mod http;
mod logs;
mod open;
mod reached;

pub use self::http::HttpCtLog;
pub(crate) use self::logs::Submission;
pub use self::logs::{CtLog, CtLogs, Ends};
pub(crate) use self::open::{open, probe_any};
pub(crate) use self::reached::{ReachedLog, follow};

/// The log that every certificate is entered into.
#[async_trait]
pub trait CtLogClient: Send + Sync {
    /// Submits a precertificate, DER, followed by its issuers up to the root (RFC 6962 §4.2). MAY be
    /// asked again with the same chain. The answer is verified by the caller.
    async fn add_pre_chain(
        &self,
        chain: &[&[u8]],
    ) -> Result<SignedCertificateTimestamp, CtLogError>;
}

/// A log that did not answer with an acceptable SCT.
#[derive(Debug, thiserror::Error)]
pub enum CtLogError {
    /// The log cannot be reached.
    #[error("the ct log cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log did not answer in time, or was overloaded for so long.
    #[error("the ct log did not answer in time")]
    Late,
    /// Too little of the request's time was left, so that the log was not asked.
    #[error("no time was left to ask the ct log")]
    NoTime,
    /// The log failed several times in a row and is not asked for now.
    #[error("the ct log failed several times and is asked again in {} ms", again_in.as_millis())]
    Resting {
        /// For how long.
        again_in: Duration,
    },
    /// The log is overloaded or failing.
    #[error("the ct log answered with status {status}: {message}")]
    Failing {
        /// The HTTP status.
        status: u16,
        /// What the log said, cut short.
        message: String,
    },
    /// No log takes certificates that end at this time.
    #[error("no configured ct log takes certificates of this time")]
    NoLog,
    /// The log does not take the chain.
    #[error("the ct log refused the chain with status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the log said, cut short.
        message: String,
    },
    /// The log answered something else than an SCT.
    #[error("the ct log's answer is not an sct: {0}")]
    Malformed(String),
    /// The signature does not verify, or is another log's.
    #[error("the sct does not verify with the configured key of the ct log")]
    Unverified(#[source] sigstead_ct::Error),
    /// The log's time cannot be right.
    #[error("the sct is from {timestamp}, outside of {} to {}", window.not_before, window.not_after)]
    OutOfTime {
        /// The SCT's time.
        timestamp: OffsetDateTime,
        /// When it should be from.
        window: Window,
    },
}

impl CtLogError {
    /// Whether the log did not say what it thinks of the chain. It passes, and another log may do.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Late | Self::Resting { .. } | Self::Failing { .. } => true,
            Self::NoTime
            | Self::NoLog
            | Self::Refused { .. }
            | Self::Malformed(_)
            | Self::Unverified(_)
            | Self::OutOfTime { .. } => false,
        }
    }
}

/// When an SCT may be from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The certificate's `NotBefore`, and the skew that is allowed.
    pub not_before: OffsetDateTime,
    /// Our time, and the skew that is allowed.
    pub not_after: OffsetDateTime,
}

/// An SCT that clients will accept in the certificate of one precertificate.
pub struct VerifiedSct {
    sct: SignedCertificateTimestamp,
    time: OffsetDateTime,
}

impl VerifiedSct {
    /// Verifies the log's answer for a precertificate.
    ///
    /// # Errors
    /// [`CtLogError::Unverified`] or [`CtLogError::OutOfTime`].
    pub fn verify(
        sct: SignedCertificateTimestamp,
        precertificate: &Precertificate,
        issuer: &Certificate,
        log_key: &PublicKey,
        window: Window,
    ) -> Result<Self, CtLogError> {
        let entry = SignedEntry::Precertificate {
            issuer_key_hash: IssuerKeyHash::of(issuer),
            tbs: precertificate
                .tbs_without_poison()
                .map_err(|error| CtLogError::Unverified(error.into()))?,
        };
        sct.verify(entry, log_key).map_err(CtLogError::Unverified)?;
        let nanoseconds = i128::from(sct.timestamp_millis) * 1_000_000;
        let timestamp = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .map_err(|_| CtLogError::Malformed("its time is beyond all calendars".to_owned()))?;
        if timestamp < window.not_before || timestamp > window.not_after {
            return Err(CtLogError::OutOfTime { timestamp, window });
        }
        Ok(Self {
            sct,
            time: timestamp,
        })
    }

    /// The log that promised.
    #[must_use]
    pub fn log_id(&self) -> &[u8] {
        self.sct.log_id.as_bytes()
    }

    /// When it promised.
    #[must_use]
    pub const fn time(&self) -> OffsetDateTime {
        self.time
    }

    /// The place in the log, if it tells.
    #[must_use]
    pub fn leaf_index(&self) -> Option<u64> {
        sigstead_ct::leaf_index_of(&self.sct.extensions).map(|index| index.value())
    }

    /// The list that the certificate embeds. It holds one SCT, because python and Rust clients take
    /// no more and no fewer.
    ///
    /// # Errors
    /// The SCT cannot be written.
    pub fn into_list(self) -> Result<Vec<u8>, CtLogError> {
        sigstead_ct::encode_list(&[self.sct]).map_err(CtLogError::Unverified)
    }
}
