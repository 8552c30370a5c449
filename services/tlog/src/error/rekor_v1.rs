use sigstead_entry::v1::Error;
use sigstead_kit::{Kind, Problem, causes};

/// What the refusal of an entry answers. Clients of Rekor v1 know it by its first words.
pub(super) fn refused_entry(error: Error) -> Problem {
    let mut problem = refused(error);
    problem.message = format!("error processing entry: {}", problem.message);
    problem
}

/// What each refusal of an entry, an identifier or a query of Rekor v1 answers.
pub(super) fn refused(error: Error) -> Problem {
    let (kind, code, remedy) = match &error {
        Error::Schema(_) | Error::Missing(_) => (
            Kind::Unprocessable,
            "E-TLOG-040",
            "compare it with the API's description",
        ),
        Error::EntryId => (
            Kind::Unprocessable,
            "E-TLOG-040",
            "UUID must be a 64-character hexadecimal string, or 80 characters with the tree's number",
        ),
        Error::TreeId => (
            Kind::InvalidArgument,
            "E-TLOG-045",
            "/api/v1/log lists the shards and their sizes",
        ),
        Error::KindUnknown { .. } | Error::KindNotEnabled { .. } => (
            Kind::InvalidArgument,
            "E-TLOG-061",
            "send hashedrekord 0.0.1, dsse 0.0.1, or intoto 0.0.1 or 0.0.2",
        ),
        Error::NotProposable(_)
        | Error::Envelope(_)
        | Error::Base64(_)
        | Error::TooMany { .. }
        | Error::TooCostly
        | Error::HashMalformed { .. } => (
            Kind::InvalidArgument,
            "E-TLOG-060",
            "correct that and send the entry again",
        ),
        Error::AlgorithmNotPermitted { .. }
        | Error::Pem(_)
        | Error::PemLabel
        | Error::PublicKey(_)
        | Error::Certificate(_)
        | Error::Chain(_) => (
            Kind::InvalidArgument,
            "E-TLOG-062",
            "send a public key, a certificate or its chain in PEM, with the hash that goes with the key",
        ),
        Error::SignatureInvalid | Error::SignatureUnverified | Error::VerifierUnused => (
            Kind::InvalidArgument,
            "E-TLOG-063",
            "check that content, signature and key belong together",
        ),
        Error::TooLong(_) => (
            Kind::InvalidArgument,
            "E-TLOG-064",
            "send fewer signatures or shorter chains of certificates",
        ),
        Error::QueryHash
        | Error::QueryTooLong(_)
        | Error::KeyFormatNotEnabled(_)
        | Error::KeyUrl => (
            Kind::InvalidArgument,
            "E-TLOG-065",
            "search by hash, email, subject, or a publicKey of format x509",
        ),
        Error::NotCanonical | Error::Encode(_) => {
            return Problem::internal("E-TLOG-020", causes(&error));
        }
    };
    Problem::new(kind, code, format!("{}; {remedy}", causes(&error)))
}
