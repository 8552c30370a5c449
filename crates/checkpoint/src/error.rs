/// Why a text is not a checkpoint, or not the expected one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An origin is empty or more than one line.
    #[error("`{0}` is not an origin")]
    Origin(String),
    /// The text lacks a line, or does not end with a line feed.
    #[error("the checkpoint has not the lines of origin, size and root")]
    Lines,
    /// The size is not a decimal number without leading zeros.
    #[error("`{0}` is not the size of a tree")]
    Size(String),
    /// The root is not a hash in base64.
    #[error("`{0}` is not a root hash")]
    Root(String),
    /// The root of a tree without leaves is another one.
    #[error("the checkpoint gives the empty tree a root that it cannot have")]
    EmptyRoot,
    /// An extension line is empty.
    #[error("the checkpoint has an empty extension line")]
    Extension,
    /// The checkpoint is that of another log.
    #[error("the checkpoint is of {found}, not of {expected}")]
    OriginMismatch {
        /// The log that was expected.
        expected: String,
        /// The log that the checkpoint names.
        found: String,
    },
    /// The note around the checkpoint is malformed or not signed.
    #[error(transparent)]
    Note(#[from] sigstead_note::Error),
}
