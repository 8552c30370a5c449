//! Every refusal, and what the caller is told.

use std::path::PathBuf;
use std::time::Duration;

use sigstead_kit::{Kind, Problem, causes};
use sigstead_tsp::Policy;

/// A request that is refused, or an authority that cannot stamp.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is not one that can be answered.
    #[error("the request is refused")]
    Request(#[from] sigstead_tsp::Error),
    /// The policy is not one of this authority.
    #[error("the policy {0} is not accepted")]
    PolicyUnknown(Policy),
    /// The body is of another media type.
    #[error("the media type {0:?} is not accepted")]
    MediaType(String),
    /// The JSON form is not what it should be.
    #[error("the json request is malformed: {0}")]
    Json(&'static str),
    /// The JSON form is longer than any request.
    #[error("timestamp request is too large")]
    JsonLong,
    /// The key cannot be opened.
    #[error("cannot open the key")]
    KeyOpen(#[source] sigstead_signer::Error),
    /// The key is not the one of the chain.
    #[error("the key is {key}, but the first certificate of the chain is for {certificate}")]
    KeyMismatch {
        /// Fingerprint of the key.
        key: String,
        /// Fingerprint of the certificate's key.
        certificate: String,
    },
    /// The chain cannot be read.
    #[error("cannot read the chain {path}")]
    ChainRead {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of successors cannot be used.
    #[error("cannot use the file of successors")]
    Successors(#[source] Box<sigstead_kit::ConfigError>),
    /// The chain has no root above the signing certificate.
    #[error("the chain needs a signing certificate and a root above it")]
    ChainShort,
    /// The chain is not one for time stamping.
    #[error("the chain does not verify for time stamping")]
    Chain(#[source] sigstead_x509::Error),
    /// The key did not sign.
    #[error("the key did not sign")]
    Sign(#[source] sigstead_signer::Error),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness,
    /// A measurement cannot be registered.
    #[error("cannot register a metric")]
    Metrics(#[source] prometheus::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Request(refusal) => refused(refusal),
            Error::PolicyUnknown(policy) => Self::new(
                Kind::InvalidArgument,
                "E-TSA-002",
                format!("the policy {policy} is not accepted; leave it out to take the default"),
            ),
            Error::MediaType(found) => Self::new(
                Kind::UnsupportedMediaType,
                "E-TSA-003",
                format!(
                    "the media type {found:?} is not accepted; send application/timestamp-query or application/json"
                ),
            ),
            Error::Json(member) => Self::new(
                Kind::InvalidArgument,
                "E-TSA-004",
                format!("the json request is malformed: {member}"),
            ),
            // The reference answers 400 here, not 413.
            Error::JsonLong => Self::new(
                Kind::InvalidArgument,
                "E-TSA-005",
                "timestamp request is too large: a json request has at most 1024 bytes",
            ),
            Error::KeyOpen(_)
            | Error::KeyMismatch { .. }
            | Error::ChainRead { .. }
            | Error::Successors(_)
            | Error::ChainShort
            | Error::Chain(_)
            | Error::Metrics(_) => Self::internal("E-TSA-006", causes(&error)),
            Error::Sign(failed) if failed.may_pass() => Self::new(
                Kind::Unavailable,
                "E-TSA-008",
                "the key of the authority does not answer; try again",
            )
            .with_retry_after(KEY_RETRY)
            .with_detail(causes(&error)),
            Error::Sign(_) | Error::Randomness => Self::internal("E-TSA-007", causes(&error)),
        }
    }
}

/// A token that was pulled out is not back in a moment.
const KEY_RETRY: Duration = Duration::from_secs(5);

/// RFC 3161 §2.4.2 would answer a failure status; Sigstore's clients take any HTTP 200 for a timestamp, so refusals are
/// HTTP statuses.
fn refused(refusal: &sigstead_tsp::Error) -> Problem {
    let remedy = match refusal {
        sigstead_tsp::Error::HashWeak | sigstead_tsp::Error::HashUnknown(_) => {
            "use sha-256, sha-384 or sha-512"
        }
        sigstead_tsp::Error::HashParameters => "leave the parameters out, or send null",
        sigstead_tsp::Error::DigestLength => "send the digest that the named hash gives",
        sigstead_tsp::Error::NonceLong { .. } => "send a shorter nonce, or none",
        sigstead_tsp::Error::PolicyMalformed => {
            "write the policy as dotted numbers, or leave it out"
        }
        sigstead_tsp::Error::ExtensionsUnknown => "leave the extensions out",
        sigstead_tsp::Error::Version(_) => "send a request of version 1",
        _ => "send a der TimeStampReq of RFC 3161",
    };
    Problem::new(
        Kind::InvalidArgument,
        "E-TSA-001",
        format!("{refusal}; {remedy}"),
    )
}
