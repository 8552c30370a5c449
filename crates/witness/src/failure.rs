use std::time::Duration;

use crate::box_error::BoxError;
use crate::error::Error;
use crate::transport::TransportError;

/// Why a witness did not cosign, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No answer came, or one that could not be read.
    #[error("the witness cannot be reached")]
    Unreachable(#[source] TransportError),
    /// The exchange was not finished in time.
    #[error("the witness did not answer within {} ms", .deadline.as_millis())]
    TimedOut {
        /// The time that it had.
        deadline: Duration,
    },
    /// The log could not make the proof that the witness needs.
    #[error("the log cannot prove its consistency with size {old_size}, where the witness is")]
    Proof {
        /// Up to where the witness has seen the log.
        old_size: u64,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The witness has seen more of the log than this process ever submitted: these are data of the past, and signing on
    /// them forks the log.
    #[error(
        "the witness has seen a larger log, of {size} entries where this one has {ours}: this is an old copy, so stop it \
         and restore the newest data"
    )]
    Ahead {
        /// What the witness has cosigned.
        size: u64,
        /// What was submitted.
        ours: u64,
    },
    /// The witness has cosigned another root of the same size.
    #[error(
        "the witness has seen another log of the same {size} entries: the log is forked, so stop it and find the copy that \
         the witness has cosigned"
    )]
    Forked {
        /// The size of both logs.
        size: u64,
    },
    /// Status 422: what the witness has cosigned is not the beginning of the submitted log.
    #[error(
        "the witness finds that this log does not continue what it has cosigned: the log may be forked, so stop it and \
         compare it with the copy that the witness has cosigned"
    )]
    Inconsistent,
    /// Status 404: the origin is unknown.
    #[error(
        "the witness does not know this log: compare its url with the one it publishes, then ask its operator to add the \
         origin and the verifier key of the log"
    )]
    LogUnknown,
    /// Status 403: no signature is by a key that the witness has for the origin.
    #[error(
        "the witness knows this log under another key: ask its operator to add the verifier key that signs now"
    )]
    LogKeyUnknown,
    /// Another submission of this process was faster, with a larger head. Nothing is wrong.
    #[error("the witness has cosigned a newer checkpoint of {size} entries meanwhile")]
    Superseded {
        /// What the witness has cosigned.
        size: u64,
    },
    /// The witness named another size at each try.
    #[error(
        "the witness named another size at each of {tries} tries: does somebody else submit this log?"
    )]
    Unsettled {
        /// How often it was asked.
        tries: usize,
    },
    /// Another status.
    #[error("the witness answered with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// The answer has not the lines that the specification demands.
    #[error("the witness answered with something else than signature lines")]
    Malformed(#[source] sigstead_note::Error),
    /// The answer has no signature of the key that the policy has for the witness.
    #[error(
        "the witness answered without a signature of its key: compare the key in the policy with the one it publishes"
    )]
    Unsigned,
    /// The signature of the witness is wrong.
    #[error("the witness answered with a wrong signature")]
    BadSignature(#[source] Error),
}

impl Failure {
    /// Whether the witness holds evidence of another history of the log. Somebody has to look before the log goes on.
    #[must_use]
    pub const fn is_alarm(&self) -> bool {
        matches!(
            self,
            Self::Ahead { .. } | Self::Forked { .. } | Self::Inconsistent
        )
    }
}
