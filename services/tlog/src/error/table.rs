use std::time::Duration;

use sigstead_kit::{Kind, Problem, causes};

use super::Error;
use super::append::invalid;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Append(error) => error.into(),
            Error::Read(error) => error.into(),
            Error::Admin(error) => (*error).into(),
            Error::Log(error) => failed(error),
            Error::Field { .. } => invalid("E-TLOG-001", &error.to_string()),
            Error::FaceAbsent(_) => Self::new(
                Kind::NotFound,
                "E-TLOG-048",
                format!("{error}; compare the URL with the signing config"),
            ),
            Error::NoSuchLog(_) => Self::new(
                Kind::NotFound,
                "E-TLOG-049",
                format!("{error}; `sigctl log info` lists them"),
            ),
            Error::Encode(_) | Error::Task(_) => Self::internal("E-TLOG-020", causes(&error)),
        }
    }
}

fn failed(error: sigstead_sequencer::Error) -> Problem {
    let unavailable = |code, message: &str| Problem::new(Kind::Unavailable, code, message);
    let problem = match &error {
        // The reference answers 503; 429 says that nothing is wrong with the service, and every client retries it too.
        sigstead_sequencer::Error::Overloaded { retry_after } => Problem::new(
            Kind::ResourceExhausted,
            "E-TLOG-011",
            "reached max pushback; retry",
        )
        .with_retry_after(*retry_after),
        sigstead_sequencer::Error::ReadOnly { .. } => unavailable(
            "E-TLOG-012",
            "the log takes no entries until its operator has looked after it; reads go on",
        ),
        // Rekor v2 specification: a frozen log answers so, and clients look for its successor.
        sigstead_sequencer::Error::Frozen => Problem::new(
            Kind::MethodNotAllowed,
            "E-TLOG-017",
            "This log has been frozen, please switch to the latest log.",
        ),
        sigstead_sequencer::Error::Ending => unavailable(
            "E-TLOG-018",
            "the log is about to be frozen; send the entry again in a moment, to this log or its successor",
        ),
        // The operator's words are for those who send entries.
        sigstead_sequencer::Error::Paused { reason } => unavailable(
            "E-TLOG-024",
            &format!("the log is paused by its operator: {reason}; send the entry again later"),
        )
        .with_retry_after(PAUSE),
        sigstead_sequencer::Error::PauseMark { .. } => unavailable(
            "E-TLOG-073",
            &format!(
                "{}; the pause of the log is as it was; mend that and repeat",
                causes(&error)
            ),
        ),
        sigstead_sequencer::Error::NoRoom { .. } => unavailable(
            "E-TLOG-013",
            "the log has no room for more entries; try again when its operator has made some",
        ),
        sigstead_sequencer::Error::ClockBehind { .. } => unavailable(
            "E-TLOG-014",
            "the clock of the log went back; try again in a moment",
        ),
        sigstead_sequencer::Error::SigningFailed { .. } => unavailable(
            "E-TLOG-015",
            "the log could not sign its checkpoint, and did not take the entry; try again",
        ),
        sigstead_sequencer::Error::OutOfRange { .. } => Problem::new(
            Kind::NotFound,
            "E-TLOG-010",
            format!("{error}; see the checkpoint for its size"),
        ),
        sigstead_sequencer::Error::Cold(sigstead_cold::Error::Io { .. })
        | sigstead_sequencer::Error::ColdLags { .. }
        | sigstead_sequencer::Error::Exhausted { .. }
        | sigstead_sequencer::Error::Index(_) => unavailable(
            "E-TLOG-019",
            "the storage of the log does not answer; try again in a moment",
        ),
        sigstead_sequencer::Error::IndexBehind { .. } => unavailable(
            "E-TLOG-023",
            "not all entries of the log can be searched yet; try again in a moment",
        ),
        sigstead_sequencer::Error::EntryUnfit { .. }
        | sigstead_sequencer::Error::ObjectDamaged { .. }
        | sigstead_sequencer::Error::Cold(_)
        | sigstead_sequencer::Error::Journal(_)
        | sigstead_sequencer::Error::Anchor(_)
        | sigstead_sequencer::Error::Inconsistent { .. }
        | sigstead_sequencer::Error::WrongKey { .. }
        | sigstead_sequencer::Error::Thread(_) => {
            return Problem::internal("E-TLOG-021", causes(&error));
        }
    };
    problem.with_detail(causes(&error))
}

/// Nobody resumes a log within a second; clients that wait must not wait for long.
const PAUSE: Duration = Duration::from_secs(10);
