use std::time::Duration;

use sigstead_config::opened_logs::OpenedLogsError;
use sigstead_kit::{Kind, Problem, causes};

use super::Error;

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
            Error::Submitter(_) => Self::new(
                Kind::PermissionDenied,
                "E-CTLOG-029",
                format!(
                    "{error}; show a client certificate of an authority that the operator lists for this log, over TLS"
                ),
            ),
            Error::OtherTime { .. } => invalid(
                "E-CTLOG-031",
                format!("{error}; send it to the log in whose time it ends"),
            ),
            Error::NotFound(_) => not_found(&error),
            Error::Query(_) => invalid("E-CTLOG-007", format!("{error}; see RFC 6962 §4")),
            Error::LeafUnknown | Error::RangeOutside { .. } => invalid(
                "E-CTLOG-008",
                format!("{error}; get-sth tells the size of the log"),
            ),
            Error::NoHead => unavailable(
                "E-CTLOG-038",
                "the log has no tree head until its operator has looked after it; try again later",
            ),
            Error::HeadUnreadable | Error::Task(_) => Self::internal("E-CTLOG-020", causes(&error)),
            Error::Log(source) => failed(source),
            Error::LogUnknown(_) => Self::new(
                Kind::NotFound,
                "E-CTLOG-026",
                format!("{error}; ListLogs tells its name"),
            ),
            Error::LogExists(_) => Self::new(
                Kind::AlreadyExists,
                "E-CTLOG-032",
                format!("{error}; a new log needs a new origin"),
            ),
            Error::OpenedLogs(source) => unopened(source),
            Error::KeyShared { .. } => invalid("E-CTLOG-034", error.to_string()),
            Error::NotOfThisFace(_) => invalid("E-CTLOG-034", format!("{error}; leave it out")),
            Error::NoSuccessor(_) => Self::new(
                Kind::FailedPrecondition,
                "E-CTLOG-035",
                format!("{error}; open a successor first, and let the authority use it"),
            ),
            Error::PauseReason(_) => invalid(
                "E-CTLOG-027",
                format!("{error}; it is shown to everybody who sends a certificate"),
            ),
            Error::IssuerLost(_) => Self::internal("E-CTLOG-024", causes(&error)),
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
            Error::Key(_) => Self::new(
                Kind::FailedPrecondition,
                "E-CTLOG-037",
                format!("{}; mend the file, and repeat", causes(&error)),
            ),
            Error::NoLogs
            | Error::KeyUnsupported
            | Error::Origin(_)
            | Error::RootsRead { .. }
            | Error::RootsMalformed { .. }
            | Error::NoRoots { .. }
            | Error::Metrics(_) => Self::internal("E-CTLOG-030", causes(&error)),
        }
    }
}

fn unopened(error: OpenedLogsError) -> Problem {
    let precondition = |code, message| Problem::new(Kind::FailedPrecondition, code, message);
    match &error {
        OpenedLogsError::NoDirectory => precondition(
            "E-CTLOG-033",
            format!("{error}; name one and restart, so that the log is there at the next start"),
        ),
        OpenedLogsError::Malformed(_)
        | OpenedLogsError::Nested
        | OpenedLogsError::Contradiction(_) => invalid("E-CTLOG-034", error.to_string()),
        OpenedLogsError::InTheWay(_) => precondition("E-CTLOG-036", error.to_string()),
        OpenedLogsError::Unread(_) | OpenedLogsError::Unusable { .. } => {
            Problem::internal("E-CTLOG-030", causes(&error))
        }
    }
}

fn refused(error: sigstead_ct::Error) -> Problem {
    let (code, remedy) = match &error {
        sigstead_ct::Error::EmptyChain => (
            "E-CTLOG-003",
            "send the certificate first, its issuers after it",
        ),
        sigstead_ct::Error::LongChain { .. } => {
            ("E-CTLOG-003", "send no more than the path to the root")
        }
        sigstead_ct::Error::BrokenChain(_) | sigstead_ct::Error::NoAuthority(_) => (
            "E-CTLOG-003",
            "send the certificate first, then each one's issuer",
        ),
        sigstead_ct::Error::RootUnknown => (
            "E-CTLOG-004",
            "see /ct/v1/get-roots, or ask the operator to add the root to this log",
        ),
        sigstead_ct::Error::OtherUsage => (
            "E-CTLOG-009",
            "log it elsewhere, or ask the operator to add its usage to this log",
        ),
        sigstead_ct::Error::WrongKind { .. } => (
            "E-CTLOG-005",
            "send precertificates to add-pre-chain and certificates to add-chain",
        ),
        sigstead_ct::Error::PoisonMalformed => (
            "E-CTLOG-005",
            "make the poison critical, with the value NULL (RFC 6962 §3.1)",
        ),
        sigstead_ct::Error::Certificate(_) => {
            ("E-CTLOG-005", "see that the poison stands exactly once")
        }
        sigstead_ct::Error::TooLong(_) => ("E-CTLOG-006", "send a smaller certificate"),
        // These are about what the log itself wrote.
        sigstead_ct::Error::Malformed(_)
        | sigstead_ct::Error::OtherLog
        | sigstead_ct::Error::SignatureInvalid(_)
        | sigstead_ct::Error::KeyUnsupported => {
            return Problem::internal("E-CTLOG-020", causes(&error));
        }
    };
    invalid(code, format!("{error}; {remedy}"))
}

fn failed(error: sigstead_sequencer::Error) -> Problem {
    let problem = match &error {
        // RFC 6962 has no word for it; authorities wait on 429 as on 503.
        sigstead_sequencer::Error::Overloaded { retry_after } => Problem::new(
            Kind::ResourceExhausted,
            "E-CTLOG-011",
            "too many certificates are waiting to be logged; try again",
        )
        .with_retry_after(*retry_after),
        sigstead_sequencer::Error::ReadOnly { .. } => unavailable(
            "E-CTLOG-012",
            "the log takes no entries until its operator has looked after it; reads go on",
        ),
        // The operator's words are for those who send certificates.
        sigstead_sequencer::Error::Paused { reason } => unavailable(
            "E-CTLOG-025",
            &format!(
                "the log is paused by its operator: {reason}; send the certificate again later, or to another log"
            ),
        )
        .with_retry_after(PAUSE),
        sigstead_sequencer::Error::PauseMark { .. } => unavailable(
            "E-CTLOG-028",
            &format!(
                "{}; the pause of the log is as it was; mend that and repeat",
                causes(&error)
            ),
        ),
        sigstead_sequencer::Error::Frozen => Problem::new(
            Kind::FailedPrecondition,
            "E-CTLOG-018",
            "the log has been frozen and takes no entry again; use its successor",
        ),
        sigstead_sequencer::Error::Ending => unavailable(
            "E-CTLOG-019",
            "the log is about to be frozen; send the certificate again in a moment, to this log or its successor",
        ),
        sigstead_sequencer::Error::NoRoom { .. } => unavailable(
            "E-CTLOG-013",
            "the log has no room for more entries; try again when its operator has made some",
        ),
        sigstead_sequencer::Error::ClockBehind { .. } => unavailable(
            "E-CTLOG-014",
            "the clock of the log went back; try again in a moment",
        ),
        sigstead_sequencer::Error::SigningFailed { .. } => unavailable(
            "E-CTLOG-015",
            "the log could not sign its checkpoint, and did not take the entry; try again",
        ),
        sigstead_sequencer::Error::OutOfRange { .. } => return not_found(&error),
        sigstead_sequencer::Error::Cold(sigstead_cold::Error::Io { .. })
        | sigstead_sequencer::Error::ColdLags { .. }
        | sigstead_sequencer::Error::Exhausted { .. }
        | sigstead_sequencer::Error::Index(_) => unavailable(
            "E-CTLOG-022",
            "the storage of the log does not answer; try again in a moment",
        ),
        sigstead_sequencer::Error::IndexBehind { .. } => unavailable(
            "E-CTLOG-023",
            "not all certificates of the log can be searched yet; try again in a moment",
        ),
        sigstead_sequencer::Error::EntryUnfit { .. }
        | sigstead_sequencer::Error::ObjectDamaged { .. }
        | sigstead_sequencer::Error::Cold(_)
        | sigstead_sequencer::Error::Journal(_)
        | sigstead_sequencer::Error::Anchor(_)
        | sigstead_sequencer::Error::Inconsistent { .. }
        | sigstead_sequencer::Error::WrongKey { .. }
        | sigstead_sequencer::Error::Thread(_) => {
            return Problem::internal("E-CTLOG-021", causes(&error));
        }
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

/// Nobody resumes a log within a second; authorities that wait must not wait for long.
const PAUSE: Duration = Duration::from_secs(10);
