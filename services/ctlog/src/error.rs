//! Every refusal, and what the caller is told.

use std::path::PathBuf;

use sigstead_checkpoint::Origin;
use sigstead_config::opened_logs::OpenedLogsError;

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
        source: sigstead_x509::Error,
    },
    /// The chain is not one that the log takes.
    #[error("the chain is refused")]
    Chain(#[from] sigstead_ct::Error),
    /// The log takes certificates from certified submitters only, and this is none.
    #[error("the log takes certificates from certified submitters only, and {0}")]
    Submitter(&'static str),
    /// The certificate ends when certificates of another log end.
    #[error("the certificate ends at {end}, and the log takes those that end{ends}")]
    OtherTime {
        /// When it ends.
        end: String,
        /// When those end that the log takes.
        ends: String,
    },
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
    /// The log was not let begin, so it has signed nothing that could be shown.
    #[error("the log has no tree head")]
    NoHead,
    /// The published checkpoint is not one that this service writes.
    #[error("the published checkpoint cannot be read")]
    HeadUnreadable,
    /// A task ended before its time.
    #[error("a task of the service was stopped")]
    Task(#[source] tokio::task::JoinError),
    /// There is no such tile or issuer.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// An issuer of an entry that is in the log is not in storage.
    #[error("the issuer {0} is lost")]
    IssuerLost(String),
    /// The service has no log of that name.
    #[error("there is no log {0} here")]
    LogUnknown(String),
    /// The process has no log at all.
    #[error("the configuration describes no log")]
    NoLogs,
    /// A log of that name is open.
    #[error("the log {0} is open already")]
    LogExists(Origin),
    /// Two logs have one key.
    #[error("{one} and {other} have the same key; each log needs its own")]
    KeyShared {
        /// A log.
        one: Origin,
        /// Another log.
        other: Origin,
    },
    /// A log is to end, and certificates would have none.
    #[error("no other log takes certificates, and {0} would leave the authority without one")]
    NoSuccessor(Origin),
    /// A log is to be opened in a way that these logs do not know.
    #[error("{0} is for logs of signatures")]
    NotOfThisFace(&'static str),
    /// The descriptions of logs that were opened while the service ran cannot be read or added to.
    #[error(transparent)]
    OpenedLogs(#[from] OpenedLogsError),
    /// Why the log is to be paused is not said in a line.
    #[error(transparent)]
    PauseReason(#[from] sigstead_sequencer::PauseReasonError),
    /// The log did not take an entry, or could not read one.
    #[error("the log failed")]
    Log(#[from] sigstead_sequencer::Error),
    /// The issuers cannot be kept or read.
    #[error("the issuers cannot be kept or read")]
    Issuers(#[source] sigstead_cold::Error),
    /// The key did not sign.
    #[error("the key did not sign")]
    Sign(#[source] sigstead_signer::Error),
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Encode(#[source] serde_json::Error),
    /// The key cannot be opened.
    #[error("cannot open the key")]
    Key(#[source] sigstead_signer::Error),
    /// The key is of a kind that SCTs are not signed with.
    #[error("the key cannot sign scts; make one of ECDSA P-256")]
    KeyUnsupported,
    /// The origin cannot stand in checkpoints.
    #[error("the origin of the log is not usable")]
    Origin(#[from] sigstead_checkpoint::Error),
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
        source: sigstead_x509::Error,
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

mod table;

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    use sigstead_kit::Problem;

    use super::*;

    #[test]
    fn failures_of_the_log_say_whether_to_come_back() {
        let refused = || Arc::new(io::Error::other("the disk of the hsm is away"));
        let retry_after = Duration::from_secs(2);
        let table: [(Error, u16, &str, &str); 10] = [
            (
                sigstead_sequencer::Error::Paused {
                    reason: "why".into(),
                }
                .into(),
                503,
                "E-CTLOG-025",
                "10",
            ),
            (
                sigstead_sequencer::Error::Overloaded { retry_after }.into(),
                429,
                "E-CTLOG-011",
                "2",
            ),
            (
                sigstead_sequencer::Error::ReadOnly {
                    reason: "why".into(),
                }
                .into(),
                503,
                "E-CTLOG-012",
                "1",
            ),
            (
                sigstead_sequencer::Error::ClockBehind { behind_millis: 9 }.into(),
                503,
                "E-CTLOG-014",
                "1",
            ),
            (
                sigstead_sequencer::Error::SigningFailed { source: refused() }.into(),
                503,
                "E-CTLOG-015",
                "1",
            ),
            (Error::Issuers(disk_full()), 503, "E-CTLOG-017", "1"),
            (
                sigstead_sequencer::Error::Cold(disk_full()).into(),
                503,
                "E-CTLOG-022",
                "1",
            ),
            (exhausted().into(), 503, "E-CTLOG-022", "1"),
            (damaged().into(), 500, "E-CTLOG-021", ""),
            (Error::KeyUnsupported, 500, "E-CTLOG-030", ""),
        ];
        for (error, status, code, retry) in table {
            let problem = Problem::from(error);
            let response = problem.response(sigstead_kit::BodyStyle::Text);
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

    fn exhausted() -> sigstead_sequencer::Error {
        let source = io::Error::other("no descriptor for a file on the disk");
        let source = Arc::new(sigstead_journal::Error::Exhausted { bytes: 9, source });
        sigstead_sequencer::Error::Exhausted { source }
    }

    fn damaged() -> sigstead_sequencer::Error {
        sigstead_sequencer::Error::ObjectDamaged {
            path: "tile/0/000".to_owned(),
            what: "missing",
        }
    }

    fn disk_full() -> sigstead_cold::Error {
        let source = io::Error::other("disk is full");
        sigstead_cold::Error::Io {
            path: "issuer/00".to_owned(),
            source,
        }
    }
}
