//! What can go wrong with the repository, and what the caller is told.

use std::io;
use std::path::PathBuf;

use sigstead_kit::{Kind, Problem, causes};

/// A repository that cannot be served or published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such file.
    #[error("no file {path:?} in the repository")]
    NotFound {
        /// What was asked for.
        path: String,
    },
    /// The repository has no root metadata.
    #[error("no root metadata in the repository")]
    NoRoot,
    /// A version of the root is missing, so clients could not walk to the newest.
    #[error("root metadata {file} is missing")]
    RootGap {
        /// The missing file.
        file: String,
    },
    /// The repository has no targets metadata.
    #[error("no targets metadata in the repository")]
    NoTargets,
    /// Clients have seen newer metadata.
    #[error("{role} version {found} is older than the published version {published}")]
    WentBack {
        /// The role.
        role: &'static str,
        /// What clients have seen.
        published: u64,
        /// What is there now.
        found: u64,
    },
    /// A target is not there.
    #[error("target {name} is missing")]
    TargetMissing {
        /// Its name.
        name: String,
    },
    /// A target is not what the metadata says.
    #[error("target {name} differs from its metadata")]
    TargetDiffers {
        /// Its name.
        name: String,
    },
    /// Metadata does not parse or does not verify.
    #[error("{file} cannot be accepted")]
    Metadata {
        /// The file.
        file: String,
        /// Why.
        source: sigstead_trust_root::Error,
    },
    /// The root does not name the key that this service holds.
    #[error("the root does not let key {fingerprint} sign {role} metadata")]
    KeyUnusable {
        /// The role.
        role: &'static str,
        /// The key's fingerprint.
        fingerprint: String,
    },
    /// The file of successors cannot be used.
    #[error("cannot use the file of successors")]
    Successors(#[source] Box<sigstead_kit::ConfigError>),
    /// A key cannot be opened.
    #[error("cannot open a key")]
    KeyOpen(#[source] sigstead_signer::Error),
    /// A measurement cannot be registered.
    #[error("cannot register a metric")]
    Metrics(#[source] prometheus::Error),
    /// No such role.
    #[error("no role {role:?}")]
    RoleUnknown {
        /// What was asked for.
        role: String,
    },
    /// A published document does not read back.
    #[error("a published document cannot be read")]
    Document(#[source] sigstead_proto::Error),
    /// No page for clients was written.
    #[error("no page for clients in the repository")]
    PageMissing,
    /// The page for clients was made of another publication than the one that clients find.
    #[error("the page for clients is not of what is published")]
    PageOutdated,
    /// The record of the page for clients cannot be read.
    #[error("the page for clients cannot be used")]
    PageUnusable(#[source] sigstead_trust_root::Error),
    /// The key refused to sign.
    #[error("signing failed")]
    Sign(#[source] sigstead_signer::Error),
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            // TUF §5.3.3: clients take 404, and nothing else, for the end of the roots.
            Error::NotFound { path } => Self::new(
                Kind::NotFound,
                "E-TUF-001",
                format!("the repository has no file {path:?}; see /root.json for the trusted root"),
            ),
            Error::NoRoot | Error::NoTargets | Error::RootGap { .. } => {
                Self::internal("E-TUF-002", causes(&error))
            }
            Error::WentBack { .. } => Self::internal("E-TUF-003", causes(&error)),
            Error::TargetMissing { .. } | Error::TargetDiffers { .. } => {
                Self::internal("E-TUF-004", causes(&error))
            }
            Error::Metadata { .. } => Self::internal("E-TUF-005", causes(&error)),
            Error::KeyUnusable { .. }
            | Error::Successors(_)
            | Error::KeyOpen(_)
            | Error::Metrics(_) => Self::internal("E-TUF-006", causes(&error)),
            Error::RoleUnknown { role } => Self::new(
                Kind::InvalidArgument,
                "E-TUF-009",
                format!("there is no role {role:?}; ask for root, targets, snapshot or timestamp"),
            ),
            Error::PageMissing => Self::new(
                Kind::NotFound,
                "E-TUF-010",
                "there is no page for clients here; the operator writes it with `sigctl client publish`",
            ),
            Error::PageOutdated => Self::new(
                Kind::Unavailable,
                "E-TUF-011",
                "the page for clients is of an earlier publication; try again in a minute, and if it stays so, the operator writes \
                 it again with `sigctl client publish`",
            ),
            Error::PageUnusable(_) => Self::internal("E-TUF-012", causes(&error)),
            Error::Document(_) => Self::internal("E-TUF-004", causes(&error)),
            Error::Sign(_) => Self::internal("E-TUF-007", causes(&error)),
            Error::Read { .. } | Error::Write { .. } => Self::internal("E-TUF-008", causes(&error)),
        }
    }
}
