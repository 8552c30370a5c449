use std::time::Duration;

use async_trait::async_trait;
use sigstead_ct::SignedCertificateTimestamp;
use time::OffsetDateTime;

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
