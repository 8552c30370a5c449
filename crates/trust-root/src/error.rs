//! What can be wrong with a trust document.

/// A trust document that cannot be accepted or made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not JSON of the expected shape.
    #[error("{document} is not well formed")]
    Malformed {
        /// Which document.
        document: &'static str,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// The text is not ProtoJSON of the expected message.
    #[error("{document} is not well formed")]
    NotProtoJson {
        /// Which document.
        document: &'static str,
        /// Which field is wrong, and how.
        source: sigstead_protojson::Error,
    },
    /// The media type is not one that the clients accept.
    #[error("{document} has media type {found:?}, expected {expected:?}")]
    MediaType {
        /// Which document.
        document: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        expected: &'static str,
    },
    /// A certificate inside the document cannot be read.
    #[error("a certificate of {owner} cannot be read")]
    Certificate {
        /// Whose certificate.
        owner: String,
        /// Why.
        source: sigstead_x509::Error,
    },
    /// A public key inside the document cannot be read.
    #[error("the public key of {owner} cannot be read")]
    PublicKey {
        /// Whose key.
        owner: String,
        /// Why.
        source: sigstead_key::Error,
    },
    /// A chain of certificates is empty.
    #[error("the certificate chain of {owner} is empty")]
    EmptyChain {
        /// Whose chain.
        owner: String,
    },
    /// A value has no canonical JSON form.
    #[error("no canonical form of {role} metadata")]
    Canonical {
        /// The TUF role.
        role: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The metadata is of another role than asked for.
    #[error("metadata says it is {found:?}, expected {expected:?}")]
    RoleMismatch {
        /// What it says.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// Too few valid signatures of the role's keys.
    #[error(
        "{role} metadata has {found} valid signatures of the {threshold} that its role asks for"
    )]
    Threshold {
        /// The TUF role.
        role: &'static str,
        /// Distinct keys whose signature is valid.
        found: usize,
        /// What the root asks for.
        threshold: u32,
    },
    /// The root names no such role.
    #[error("the root does not name the {role} role")]
    RoleMissing {
        /// The TUF role.
        role: &'static str,
    },
    /// A root does not carry on the version of the one before.
    #[error("root version {found} does not follow version {before}")]
    RootVersion {
        /// The version of the root before.
        before: u64,
        /// The version of the root after it.
        found: u64,
    },
    /// A log or chain counts from no time.
    #[error("{owner} has no start of its validity")]
    NoStart {
        /// Whose validity.
        owner: String,
    },
    /// Two logs would have one identifier, and clients find logs by it.
    #[error("{owner} has the same identifier")]
    LogIdTaken {
        /// The log that has it.
        owner: String,
    },
    /// The state has no such log.
    #[error("no log has the identifier {log_id}")]
    LogUnknown {
        /// Hex.
        log_id: String,
    },
    /// An end before the start, or after the end that is there.
    #[error("the end is not within the validity of {owner}")]
    EndNotInRange {
        /// The log or the authority.
        owner: String,
    },
    /// The state has no such chain of an authority.
    #[error("no authority has this chain")]
    ChainUnknown,
    /// The state has the chain, with other times.
    #[error("{owner} has this chain already, with other times")]
    ChainKnown {
        /// The authority.
        owner: String,
    },
    /// A chain would count from before the one that it follows.
    #[error("the chain does not begin after the newest chain of {owner}")]
    ChainNotNewest {
        /// The authority.
        owner: String,
    },
    /// The state offers no such issuer to browsers.
    #[error("people are not sent to {issuer}")]
    IssuerNotOffered {
        /// The issuer.
        issuer: String,
    },
    /// Nobody could log in with a browser any more.
    #[error("{issuer} is the only issuer that people are sent to")]
    LastIssuer {
        /// The issuer.
        issuer: String,
    },
    /// A trusted root takes back what clients have.
    #[error("{owner} is in the trusted root that is published, and here it {change}")]
    TakenBack {
        /// The log or chain.
        owner: String,
        /// How.
        change: &'static str,
    },
}
