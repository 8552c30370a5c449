//! Every refusal, and what the caller is told.

use std::path::PathBuf;

use kit::{Kind, Problem, causes};

/// Why a request is refused, or the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not the JSON of a submission.
    #[error("the request is not valid json")]
    Json(#[source] serde_json::Error),
    /// A member of the chain is not base64.
    #[error("certificate {0} of the chain is not base64")]
    Base64(usize),
    /// A member of the chain is not a certificate.
    #[error("certificate {position} of the chain cannot be read")]
    Certificate {
        /// Which one, from 0.
        position: usize,
        /// What is wrong with it.
        source: x509::Error,
    },
    /// The chain is not one that the log takes.
    #[error("the chain is refused")]
    Chain(#[from] ct::Error),
    /// A parameter is missing or cannot be read.
    #[error("parameter {0} is missing, or not what it should be")]
    Query(&'static str),
    /// No leaf of that hash is in the tree of that size.
    #[error("no leaf of that hash is in a tree of that size")]
    LeafUnknown,
    /// A range of entries that is empty or begins beyond the end.
    #[error("no entries from {start} to {end} in a log of size {size}")]
    RangeOutside {
        /// The first index that was asked for.
        start: u64,
        /// The last one.
        end: u64,
        /// The published size.
        size: u64,
    },
    /// The published checkpoint is not one that this service writes.
    #[error("the published checkpoint cannot be read")]
    HeadUnreadable,
    /// A task ended before its time.
    #[error("a task of the service was stopped")]
    Task(#[source] tokio::task::JoinError),
    /// There is no such tile or issuer.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The entry was not logged within the deadline; it may be later.
    #[error("the entry was not logged in time")]
    Late,
    /// The log did not take an entry, or could not read one.
    #[error("the log failed")]
    Log(#[from] sequencer::Error),
    /// The issuers cannot be kept or read.
    #[error("the issuers cannot be kept or read")]
    Issuers(#[source] cold::Error),
    /// The key did not sign.
    #[error("the key did not sign")]
    Sign(#[source] signer::Error),
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Encode(#[source] serde_json::Error),
    /// The key cannot be opened.
    #[error("cannot open the key")]
    Key(#[source] signer::Error),
    /// The key is of a kind that SCTs are not signed with.
    #[error("the key cannot sign scts; make one of ECDSA P-256")]
    KeyUnsupported,
    /// The origin cannot stand in checkpoints.
    #[error("the origin of the log is not usable")]
    Origin(#[from] checkpoint::Error),
    /// The roots cannot be read.
    #[error("cannot read the roots {path}")]
    RootsRead {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The roots are not certificates.
    #[error("the roots {path} are not certificates in pem")]
    RootsMalformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: x509::Error,
    },
    /// Without a root, every submission would be refused.
    #[error("the roots {path} hold no certificate")]
    NoRoots {
        /// The file.
        path: PathBuf,
    },
    /// A measurement cannot be registered.
    #[error("cannot register a metric")]
    Metrics(#[source] prometheus::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Json(source) => invalid(
                "E-CTLOG-001",
                format!(
                    "the body is not the JSON of a submission ({source}); send {{\"chain\":[…]}}"
                ),
            ),
            Error::Base64(_) => invalid(
                "E-CTLOG-001",
                format!("{error}; send each certificate as DER in standard base64 with padding"),
            ),
            Error::Certificate { ref source, .. } => invalid(
                "E-CTLOG-002",
                format!("{error}: {source}; send X.509 certificates in DER"),
            ),
            Error::Chain(source) => refused(source),
            Error::NotFound(_) => not_found(&error),
            Error::Query(_) => invalid("E-CTLOG-007", format!("{error}; see RFC 6962 §4")),
            Error::LeafUnknown | Error::RangeOutside { .. } => invalid(
                "E-CTLOG-008",
                format!("{error}; get-sth tells the size of the log"),
            ),
            Error::HeadUnreadable | Error::Task(_) => Self::internal("E-CTLOG-020", causes(&error)),
            Error::Late => Self::new(
                Kind::DeadlineExceeded,
                "E-CTLOG-016",
                "the log did not take the entry in time; send it again, it is logged only once",
            ),
            Error::Log(source) => failed(source),
            Error::Issuers(_) => unavailable(
                "E-CTLOG-017",
                "the log cannot reach its storage of issuers; try again",
            )
            .with_detail(causes(&error)),
            Error::Sign(_) => unavailable(
                "E-CTLOG-015",
                "the log could not sign; try again, the entry is logged only once",
            )
            .with_detail(causes(&error)),
            Error::Encode(_) => Self::internal("E-CTLOG-020", causes(&error)),
            Error::Key(_)
            | Error::KeyUnsupported
            | Error::Origin(_)
            | Error::RootsRead { .. }
            | Error::RootsMalformed { .. }
            | Error::NoRoots { .. }
            | Error::Metrics(_) => Self::internal("E-CTLOG-030", causes(&error)),
        }
    }
}

fn refused(error: ct::Error) -> Problem {
    let (code, remedy) = match &error {
        ct::Error::EmptyChain => (
            "E-CTLOG-003",
            "send the certificate first, its issuers after it",
        ),
        ct::Error::LongChain { .. } => ("E-CTLOG-003", "send no more than the path to the root"),
        ct::Error::BrokenChain(_) | ct::Error::NoAuthority(_) => (
            "E-CTLOG-003",
            "send the certificate first, then each one's issuer",
        ),
        ct::Error::RootUnknown => (
            "E-CTLOG-004",
            "see /ct/v1/get-roots, or ask the operator to add the root to this log",
        ),
        ct::Error::OtherUsage => (
            "E-CTLOG-009",
            "log it elsewhere, or ask the operator to add its usage to this log",
        ),
        ct::Error::WrongKind { .. } => (
            "E-CTLOG-005",
            "send precertificates to add-pre-chain and certificates to add-chain",
        ),
        ct::Error::PoisonMalformed => (
            "E-CTLOG-005",
            "make the poison critical, with the value NULL (RFC 6962 §3.1)",
        ),
        ct::Error::Certificate(_) => ("E-CTLOG-005", "see that the poison stands exactly once"),
        ct::Error::TooLong(_) => ("E-CTLOG-006", "send a smaller certificate"),
        // These are about what the log itself wrote.
        ct::Error::Malformed(_)
        | ct::Error::OtherLog
        | ct::Error::SignatureInvalid(_)
        | ct::Error::KeyUnsupported => return Problem::internal("E-CTLOG-020", causes(&error)),
    };
    invalid(code, format!("{error}; {remedy}"))
}

fn failed(error: sequencer::Error) -> Problem {
    let problem = match &error {
        // RFC 6962 has no word for it; authorities wait on 429 as on 503.
        sequencer::Error::Overloaded { retry_after } => Problem::new(
            Kind::ResourceExhausted,
            "E-CTLOG-011",
            "too many certificates are waiting to be logged; try again",
        )
        .with_retry_after(*retry_after),
        sequencer::Error::ReadOnly { .. } => unavailable(
            "E-CTLOG-012",
            "the log takes no entries until its operator has looked after it; reads go on",
        ),
        sequencer::Error::Frozen => Problem::new(
            Kind::FailedPrecondition,
            "E-CTLOG-018",
            "the log has been frozen and takes no entry again; use its successor",
        ),
        sequencer::Error::Ending => unavailable(
            "E-CTLOG-019",
            "the log is about to be frozen; send the certificate again in a moment, to this log or its successor",
        ),
        sequencer::Error::NoRoom { .. } => unavailable(
            "E-CTLOG-013",
            "the log has no room for more entries; try again when its operator has made some",
        ),
        sequencer::Error::ClockBehind { .. } => unavailable(
            "E-CTLOG-014",
            "the clock of the log went back; try again in a moment",
        ),
        sequencer::Error::SigningFailed { .. } => unavailable(
            "E-CTLOG-015",
            "the log could not sign its checkpoint, and did not take the entry; try again",
        ),
        sequencer::Error::OutOfRange { .. } => return not_found(&error),
        sequencer::Error::EntryUnfit { .. }
        | sequencer::Error::ObjectDamaged { .. }
        | sequencer::Error::Cold(_)
        | sequencer::Error::Index(_)
        | sequencer::Error::Journal(_)
        | sequencer::Error::Anchor(_)
        | sequencer::Error::Inconsistent { .. }
        | sequencer::Error::WrongKey { .. }
        | sequencer::Error::Thread(_) => return Problem::internal("E-CTLOG-021", causes(&error)),
    };
    problem.with_detail(causes(&error))
}

fn invalid(code: &'static str, message: String) -> Problem {
    Problem::new(Kind::InvalidArgument, code, message)
}

fn unavailable(code: &'static str, message: &str) -> Problem {
    Problem::new(Kind::Unavailable, code, message)
}

fn not_found(error: &dyn std::error::Error) -> Problem {
    let message = format!("{error} in this log; see /checkpoint for its size");
    Problem::new(Kind::NotFound, "E-CTLOG-010", message)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn failures_of_the_log_say_whether_to_come_back() {
        let refused = || Arc::new(io::Error::other("the disk of the hsm is away"));
        let retry_after = Duration::from_secs(2);
        let table: [(Error, u16, &str, &str); 8] = [
            (
                sequencer::Error::Overloaded { retry_after }.into(),
                429,
                "E-CTLOG-011",
                "2",
            ),
            (
                sequencer::Error::ReadOnly {
                    reason: "why".into(),
                }
                .into(),
                503,
                "E-CTLOG-012",
                "1",
            ),
            (
                sequencer::Error::ClockBehind { behind_millis: 9 }.into(),
                503,
                "E-CTLOG-014",
                "1",
            ),
            (
                sequencer::Error::SigningFailed { source: refused() }.into(),
                503,
                "E-CTLOG-015",
                "1",
            ),
            (Error::Late, 504, "E-CTLOG-016", ""),
            (Error::Issuers(disk_full()), 503, "E-CTLOG-017", "1"),
            (
                sequencer::Error::Cold(disk_full()).into(),
                500,
                "E-CTLOG-021",
                "",
            ),
            (Error::KeyUnsupported, 500, "E-CTLOG-030", ""),
        ];
        for (error, status, code, retry) in table {
            let problem = Problem::from(error);
            let response = problem.response(kit::BodyStyle::Text);
            assert_eq!(response.status(), status, "{code}");
            assert_eq!(problem.code, code);
            let header = response.headers().get("retry-after");
            assert_eq!(
                header.map_or("", |value| value.to_str().unwrap()),
                retry,
                "{code}"
            );
            assert!(!problem.public_message().contains("disk"), "{code}");
        }
    }

    fn disk_full() -> cold::Error {
        let source = io::Error::other("disk is full");
        cold::Error::Io {
            path: "issuer/00".to_owned(),
            source,
        }
    }
}
