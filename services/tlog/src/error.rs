use checkpoint::Origin;
use kit::{Kind, Problem, causes};

mod explanation;

pub use explanation::explanations;

/// Why a request is refused, or the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not the JSON of a request.
    #[error("the request is not valid json")]
    Json(#[source] serde_json::Error),
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Encode(#[source] serde_json::Error),
    /// A field of the request is missing or cannot be read.
    #[error("field {field} {wrong}")]
    Field {
        /// The name of the field in the request.
        field: &'static str,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// A message of gRPC lacks a part.
    #[error("the request is not complete")]
    Wire(#[source] proto::Error),
    /// The entry was not logged within the deadline; it may be later.
    #[error("the entry was not logged in time")]
    Late,
    /// The request is of no kind that the log takes, or of two.
    #[error("the request does not hold exactly one hashedrekord or dsse entry")]
    NotOneEntry,
    /// An envelope has no signature or several, or not as many verifiers.
    #[error("the envelope has {signatures} signatures and {verifiers} verifiers")]
    NotOneSignature {
        /// The signatures of the envelope.
        signatures: usize,
        /// The verifiers of the request.
        verifiers: usize,
    },
    /// The entry is not one that the log takes.
    #[error("the entry is refused")]
    Entry(#[from] entry::Error),
    /// The entry does not fit into a bundle.
    #[error("the entry does not fit into a bundle")]
    Unframed(#[from] tiles::Error),
    /// There is no such tile or bundle.
    #[error("no {0}")]
    NoSuchTile(String),
    /// The log did not take an entry, or could not read one.
    #[error("the log failed")]
    Log(#[from] sequencer::Error),
    /// The configuration names no log.
    #[error("the configuration names no log")]
    NoLogs,
    /// The origin of a log cannot stand in checkpoints.
    #[error("the origin of a log is not usable")]
    Origin(#[from] checkpoint::Error),
    /// Two logs have one key, so that clients could not tell them apart.
    #[error("{one} and {other} have the same key; each log needs its own")]
    KeyShared {
        /// A log.
        one: Origin,
        /// Another log.
        other: Origin,
    },
    /// The key of a log cannot be opened.
    #[error("cannot open the key of {origin}")]
    Key {
        /// The log.
        origin: Origin,
        /// What the signer said.
        #[source]
        source: signer::Error,
    },
    /// A log cannot be opened.
    #[error("cannot open the log {origin}")]
    Open {
        /// The log.
        origin: Origin,
        /// What the sequencer said.
        #[source]
        source: sequencer::Error,
    },
    /// A metric cannot be registered.
    #[error("cannot register a metric")]
    Metrics(#[source] prometheus::Error),
}

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
            // Clients of tiles take 404, and nothing else, for a partial tile that has been
            // replaced by the full one.
            Error::NoSuchTile(_) => Self::new(
                Kind::NotFound,
                "E-TLOG-010",
                format!("{error} in this log; see the checkpoint for its size"),
            ),
            Error::Log(source) => failed(source),
            Error::Encode(_) | Error::Unframed(_) => Self::internal("E-TLOG-020", causes(&error)),
            Error::NoLogs
            | Error::Origin(_)
            | Error::KeyShared { .. }
            | Error::Key { .. }
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

fn refused(error: entry::Error) -> Problem {
    match &error {
        entry::Error::AlgorithmNotAllowed(_) => invalid(
            "E-TLOG-004",
            &format!("{error}; use a key whose signatures are over a digest, such as ECDSA P-256"),
        ),
        entry::Error::AlgorithmMismatch(_) => invalid(
            "E-TLOG-004",
            &format!("{error}; name the algorithm of the key in keyDetails"),
        ),
        entry::Error::DigestLength { .. } => invalid(
            "E-TLOG-005",
            &format!("{error}; digest with the hash that keyDetails names"),
        ),
        entry::Error::PublicKey(source) => invalid(
            "E-TLOG-006",
            &format!("{error}: {source}; send a SubjectPublicKeyInfo in DER"),
        ),
        entry::Error::Certificate(source) => invalid(
            "E-TLOG-006",
            &format!("{error}: {source}; send one certificate in DER"),
        ),
        entry::Error::SignatureInvalid => invalid(
            "E-TLOG-007",
            &format!("{error}; sign the artifact whose digest is sent"),
        ),
        entry::Error::TooLong(_) => invalid(
            "E-TLOG-008",
            &format!("{error}, which the log cannot hold; use a smaller certificate or signature"),
        ),
        // Only bodies that are read back can be in another spelling.
        entry::Error::NotCanonical => Problem::internal("E-TLOG-020", error),
    }
}

fn failed(error: sequencer::Error) -> Problem {
    let unavailable = |code, message| Problem::new(Kind::Unavailable, code, message);
    let problem = match &error {
        sequencer::Error::Overloaded { retry_after } => {
            unavailable("E-TLOG-011", "reached max pushback; retry").with_retry_after(*retry_after)
        }
        sequencer::Error::ReadOnly { .. } => unavailable(
            "E-TLOG-012",
            "the log takes no entries until its operator has looked after it; reads go on",
        ),
        sequencer::Error::NoRoom { .. } => unavailable(
            "E-TLOG-013",
            "the log has no room for more entries; try again when its operator has made some",
        ),
        sequencer::Error::ClockBehind { .. } => unavailable(
            "E-TLOG-014",
            "the clock of the log went back; try again in a moment",
        ),
        sequencer::Error::SigningFailed { .. } => unavailable(
            "E-TLOG-015",
            "the log could not sign its checkpoint, and did not take the entry; try again",
        ),
        sequencer::Error::OutOfRange { .. } => Problem::new(
            Kind::NotFound,
            "E-TLOG-010",
            format!("{error}; see the checkpoint for its size"),
        ),
        sequencer::Error::EntryUnfit { .. }
        | sequencer::Error::ObjectDamaged { .. }
        | sequencer::Error::Cold(_)
        | sequencer::Error::Journal(_)
        | sequencer::Error::Anchor(_)
        | sequencer::Error::Inconsistent { .. }
        | sequencer::Error::WrongKey { .. }
        | sequencer::Error::Thread(_) => return Problem::internal("E-TLOG-021", causes(&error)),
    };
    problem.with_detail(causes(&error))
}

#[cfg(test)]
mod tests;
