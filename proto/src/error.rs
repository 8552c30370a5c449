//! What a wire message leaves open and a conversion refuses.

/// A message that has no meaning here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A member is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member has a value that it cannot have.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// A member holds a key or certificate that is refused.
    #[error("{member} is refused")]
    Refused {
        /// Which member.
        member: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The JSON is not a message of this type.
    #[error("not a {message} in json: {source}")]
    Json {
        /// The message's full name.
        message: String,
        /// What the parser said.
        source: serde_json::Error,
    },
}
