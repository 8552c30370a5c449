/// Why bytes are not a signed note, or a note is not signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key name is empty, or holds white space, a control character or a plus sign.
    #[error("`{0}` cannot name a key")]
    KeyName(String),
    /// The note is longer than any reader accepts.
    #[error("a note of {0} bytes is too long")]
    TooLong(usize),
    /// The text does not end with a line feed, or holds another control character.
    #[error("the text of the note holds control characters or does not end with a line feed")]
    Text,
    /// No empty line separates the text from signatures.
    #[error("the note has no signatures behind its text")]
    Unsigned,
    /// The note has more signatures than any reader accepts.
    #[error("the note has more than {0} signatures")]
    TooManySignatures(usize),
    /// A line behind the text is not a signature.
    #[error("line {0} behind the text of the note is not a signature")]
    SignatureLine(usize),
    /// No signature is by the key.
    #[error("the note is not signed by {0}")]
    SignatureMissing(String),
    /// The signature of the key does not fit the text.
    #[error("the signature of {name} on the note is wrong")]
    SignatureInvalid {
        /// The name of the key.
        name: String,
        /// What the verification found.
        #[source]
        source: sigstead_key::Error,
    },
}
