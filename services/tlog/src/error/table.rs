use std::time::Duration;

use sigstead_kit::{Kind, Problem, causes};

use super::{Error, rekor_v1};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Json(source) => invalid(
                "E-TLOG-001",
                &format!("the body is not the JSON of a request ({source})"),
            ),
            Error::Field { .. } => invalid("E-TLOG-001", &error.to_string()),
            Error::Wire(source) => invalid("E-TLOG-001", &source.to_string()),
            Error::Late => Self::new(
                Kind::DeadlineExceeded,
                "E-TLOG-016",
                "the log did not take the entry in time; send it again, it is logged only once",
            ),
            Error::NotOneEntry => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-002",
                "invalid type, must be hashedrekord; send exactly one hashedRekordRequestV002, or \
                 one dsseRequestV002",
            ),
            Error::NotOneSignature { .. } => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-003",
                format!("invalid dsse request: {error}; send one request for each signature"),
            ),
            Error::Entry(source) => refused(source),
            Error::V1(source) => rekor_v1::refused_entry(source),
            Error::V1Request(source) => rekor_v1::refused(source),
            Error::Schema(_) => Self::new(
                Kind::Unprocessable,
                "E-TLOG-040",
                format!("{}; compare it with the API's description", causes(&error)),
            ),
            Error::NotJson => Self::new(
                Kind::UnsupportedMediaType,
                "E-TLOG-041",
                format!("{error}; send that header with a JSON body"),
            ),
            Error::Query(_) => Self::new(Kind::Unprocessable, "E-TLOG-042", error.to_string()),
            Error::Equivalent(_) => Self::new(Kind::AlreadyExists, "E-TLOG-043", error.to_string()),
            Error::NoSuchEntry => Self::new(Kind::NotFound, "E-TLOG-044", error.to_string()),
            Error::UnknownTree(_) | Error::SizesReversed { .. } | Error::SizeBeyond(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-045",
                format!("{error}; /api/v1/log lists the shards and their sizes"),
            ),
            Error::TooManyRetrieved => {
                let message = format!("{error}; ask for the rest in another request");
                Self::new(Kind::Unprocessable, "E-TLOG-046", message)
            }
            Error::TooManyFound(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-047",
                format!("{error}; search for a digest, or for several terms with operator and"),
            ),
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
            Error::LogExists(_) => Self::new(
                Kind::AlreadyExists,
                "E-TLOG-050",
                format!("{error}; a new log needs a new origin, or as a shard a new tree_id"),
            ),
            Error::NoPlaceForLogs => Self::new(
                Kind::FailedPrecondition,
                "E-TLOG-051",
                format!("{error}; name one and restart, so that the log is there at the next start"),
            ),
            Error::SizesUnordered { .. } => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-045",
                format!("{error}; name the smaller size first"),
            ),
            Error::NoSuccessor(_) => Self::new(
                Kind::FailedPrecondition,
                "E-TLOG-071",
                format!("{error}; open a successor first, or with it let the log end"),
            ),
            Error::PauseReason => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-072",
                format!("{error}; it is shown to everybody who sends an entry"),
            ),
            Error::Key { .. } | Error::Witnesses { .. } => Self::new(
                Kind::FailedPrecondition,
                "E-TLOG-070",
                format!("{}; mend the file that config_yaml names, and repeat", causes(&error)),
            ),
            Error::LogUnread(_) | Error::LogsContradict(_) | Error::LogNested => {
                Self::new(Kind::InvalidArgument, "E-TLOG-052", error.to_string())
            }
            Error::KeyShared { .. } => {
                Self::new(Kind::InvalidArgument, "E-TLOG-052", error.to_string())
            }
            Error::ShardNotFrozen(_) => {
                Self::new(Kind::FailedPrecondition, "E-TLOG-053", error.to_string())
            }
            Error::PredecessorUnclear(_) | Error::PredecessorForeign(_) => {
                Self::new(Kind::FailedPrecondition, "E-TLOG-056", error.to_string())
            }
            Error::DescriptionInTheWay(_) => {
                Self::new(Kind::FailedPrecondition, "E-TLOG-057", error.to_string())
            }
            Error::KeyUnfit(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-054",
                format!("{error}; clients verify signed entry timestamps with no other"),
            ),
            Error::Promise(_) => Self::new(
                Kind::Unavailable,
                "E-TLOG-055",
                "the entry is in the log, but its timestamp could not be signed; fetch it by its UUID",
            )
            .with_detail(causes(&error)),
            // Clients of tiles take 404, and nothing else, for a partial tile that has been
            // replaced by the full one.
            Error::NoSuchTile(_) => Self::new(
                Kind::NotFound,
                "E-TLOG-010",
                format!("{error} in this log; see the checkpoint for its size"),
            ),
            Error::Log(source) => failed(source),
            Error::Encode(_) | Error::Unframed(_) | Error::Task(_) | Error::FirstEntry(_) => {
                Self::internal("E-TLOG-020", causes(&error))
            }
            Error::EntryLost(_) | Error::SideLost(_) => Self::internal("E-TLOG-021", causes(&error)),
            Error::Index(_) | Error::IndexFiles { .. } => {
                Self::internal("E-TLOG-022", causes(&error))
            }
            Error::NoLogs
            | Error::Origin(_)
            | Error::NoTreeId
            | Error::OpenedLogUnread(_)
            | Error::OpenedLogs { .. }
            | Error::Open { .. }
            | Error::Metrics(_) => Self::internal("E-TLOG-030", causes(&error)),
        }
    }
}

// Rekor v2 clients know a refused entry by this sentence.
fn invalid(code: &'static str, why: &str) -> Problem {
    let message = format!("invalid hashedrekord request: {why}");
    Problem::new(Kind::InvalidArgument, code, message)
}

fn refused(error: sigstead_entry::Error) -> Problem {
    match &error {
        sigstead_entry::Error::AlgorithmNotAllowed(_) => invalid(
            "E-TLOG-004",
            &format!("{error}; use a key whose signatures are over a digest, such as ECDSA P-256"),
        ),
        sigstead_entry::Error::AlgorithmMismatch(_) => invalid(
            "E-TLOG-004",
            &format!("{error}; name the algorithm of the key in keyDetails"),
        ),
        sigstead_entry::Error::DigestLength { .. } => invalid(
            "E-TLOG-005",
            &format!("{error}; digest with the hash that keyDetails names"),
        ),
        sigstead_entry::Error::PublicKey(source) => invalid(
            "E-TLOG-006",
            &format!("{error}: {source}; send a SubjectPublicKeyInfo in DER"),
        ),
        sigstead_entry::Error::Certificate(source) => invalid(
            "E-TLOG-006",
            &format!("{error}: {source}; send one certificate in DER"),
        ),
        sigstead_entry::Error::SignatureInvalid => invalid(
            "E-TLOG-007",
            &format!("{error}; sign the artifact whose digest is sent"),
        ),
        sigstead_entry::Error::TooLong(_) => invalid(
            "E-TLOG-008",
            &format!("{error}, which the log cannot hold; use a smaller certificate or signature"),
        ),
        // Only bodies that are read back can be in another spelling.
        sigstead_entry::Error::NotCanonical => Problem::internal("E-TLOG-020", error),
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
