use sigstead_entry::v1::{self, EntryId};
use sigstead_kit::{Kind, Problem, causes};

use super::rekor_v1;

/// Why an entry is not logged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The body is not the JSON of a request.
    #[error("the request is not valid json")]
    Json(#[source] serde_json::Error),
    /// A message of gRPC lacks a part.
    #[error("the request is not complete")]
    Wire(#[source] sigstead_proto::Error),
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
    Entry(#[from] sigstead_entry::Error),
    /// The entry does not fit into a bundle.
    #[error("the entry does not fit into a bundle")]
    Unframed(#[from] sigstead_tiles::Error),
    /// The entry or query of Rekor v1 is not one that the log takes.
    #[error("the request is refused")]
    V1(#[from] v1::Error),
    /// The body is not the JSON of a request of Rekor v1.
    #[error("the body does not have the shape of a request")]
    Schema(#[source] serde_json::Error),
    /// A request of Rekor v1 is not declared to be JSON.
    #[error("the content type is not application/json")]
    NotJson,
    /// The shard has the entry already.
    #[error("an equivalent entry already exists in the transparency log with UUID {0}")]
    Equivalent(EntryId),
    /// An entry could not be promised; it is logged all the same.
    #[error("the signed entry timestamp could not be signed")]
    Promise(#[source] sigstead_signer::Error),
    /// The entry with which a log begins could not be signed.
    #[error("the first entry of the log could not be signed")]
    FirstEntry(#[source] sigstead_signer::Error),
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Json(source) => invalid(
                "E-TLOG-001",
                &format!("the body is not the JSON of a request ({source})"),
            ),
            AppendError::Wire(source) => invalid("E-TLOG-001", &source.to_string()),
            AppendError::Late => Self::new(
                Kind::DeadlineExceeded,
                "E-TLOG-016",
                "the log did not take the entry in time; send it again, it is logged only once",
            ),
            AppendError::NotOneEntry => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-002",
                "invalid type, must be hashedrekord; send exactly one hashedRekordRequestV002, or \
                 one dsseRequestV002",
            ),
            AppendError::NotOneSignature { .. } => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-003",
                format!("invalid dsse request: {error}; send one request for each signature"),
            ),
            AppendError::Entry(source) => refused(source),
            AppendError::V1(source) => rekor_v1::refused_entry(source),
            AppendError::Schema(_) => Self::new(
                Kind::Unprocessable,
                "E-TLOG-040",
                format!("{}; compare it with the API's description", causes(&error)),
            ),
            AppendError::NotJson => Self::new(
                Kind::UnsupportedMediaType,
                "E-TLOG-041",
                format!("{error}; send that header with a JSON body"),
            ),
            AppendError::Equivalent(_) => Self::new(Kind::AlreadyExists, "E-TLOG-043", error.to_string()),
            AppendError::Promise(_) => Self::new(
                Kind::Unavailable,
                "E-TLOG-055",
                "the entry is in the log, but its timestamp could not be signed; fetch it by its UUID",
            )
            .with_detail(causes(&error)),
            AppendError::Unframed(_) | AppendError::FirstEntry(_) => {
                Self::internal("E-TLOG-020", causes(&error))
            }
        }
    }
}

// Rekor v2 clients know a refused entry by this sentence.
pub(super) fn invalid(code: &'static str, why: &str) -> Problem {
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
