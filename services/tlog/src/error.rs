use sigstead_entry::v1;

mod admin;
mod append;
mod read;
mod rekor_v1;
mod table;

pub use admin::AdminError;
pub use append::AppendError;
pub use read::ReadError;

/// Why a request is refused, or the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An entry is not logged.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// An entry, a proof or a tile is not given.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The logs of the process are not opened or changed.
    #[error(transparent)]
    Admin(Box<AdminError>),
    /// The log did not take an entry, or could not read one.
    #[error("the log failed")]
    Log(#[from] sigstead_sequencer::Error),
    /// A field of the request is missing or cannot be read.
    #[error("field {field} {wrong}")]
    Field {
        /// The name of the field in the request.
        field: &'static str,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// No log of the face that a request is for.
    #[error("this service has no log of {0}")]
    FaceAbsent(&'static str),
    /// No log of that name.
    #[error("this service has no log {0}")]
    NoSuchLog(String),
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Encode(#[source] serde_json::Error),
    /// A task ended before its time.
    #[error("a task of the service was stopped")]
    Task(#[source] tokio::task::JoinError),
}

impl From<AdminError> for Error {
    fn from(error: AdminError) -> Self {
        Self::Admin(Box::new(error))
    }
}

impl From<sigstead_entry::Error> for Error {
    fn from(error: sigstead_entry::Error) -> Self {
        AppendError::from(error).into()
    }
}

impl From<sigstead_tiles::Error> for Error {
    fn from(error: sigstead_tiles::Error) -> Self {
        AppendError::from(error).into()
    }
}

impl From<v1::Error> for Error {
    fn from(error: v1::Error) -> Self {
        AppendError::from(error).into()
    }
}

impl From<sigstead_index::Error> for Error {
    fn from(error: sigstead_index::Error) -> Self {
        ReadError::from(error).into()
    }
}

impl From<sigstead_checkpoint::Error> for Error {
    fn from(error: sigstead_checkpoint::Error) -> Self {
        AdminError::from(error).into()
    }
}

#[cfg(test)]
mod tests;
