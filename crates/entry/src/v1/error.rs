use crate::MAX_BODY_LENGTH;

/// Why an entry, an identifier or a query is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not JSON, or not of the schema that it should have.
    #[error("the request does not fit its schema")]
    Schema(#[source] serde_json::Error),
    /// Something that the schema asks for is empty or not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// No version of Rekor has this kind of entry.
    #[error("entries of kind {kind:?} {version:?} are not known")]
    KindUnknown {
        /// The kind, cut off where it is long.
        kind: String,
        /// The version, cut off where it is long.
        version: String,
    },
    /// Rekor has this kind of entry, but this log does not take it.
    #[error("entries of kind {kind} {version} are not enabled")]
    KindNotEnabled {
        /// The kind.
        kind: String,
        /// The version, cut off where it is long.
        version: String,
    },
    /// A proposal brings what only the log may say.
    #[error("{0} is for the log to compute and must not be proposed")]
    NotProposable(&'static str),
    /// The envelope is not one of DSSE.
    #[error("the envelope is not a dsse envelope")]
    Envelope(#[source] serde_json::Error),
    /// Text that should be base64 is not.
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// There are more of something than one entry may hold.
    #[error("{found} {what} where at most {limit} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are taken.
        limit: usize,
    },
    /// To find out which key made which signature would take too much work.
    #[error("the signatures would take too much work to verify")]
    TooCostly,
    /// The hash is not written in as many hexadecimal digits as its algorithm gives.
    #[error("a hash of {algorithm} has {digits} hexadecimal digits")]
    HashMalformed {
        /// The algorithm.
        algorithm: &'static str,
        /// How many digits it gives.
        digits: usize,
    },
    /// The key and the hash are no pair that the log takes.
    #[error("the log does not take signatures of a key for {key} over {hash}")]
    AlgorithmNotPermitted {
        /// The default algorithm of the key.
        key: &'static str,
        /// The hash.
        hash: &'static str,
    },
    /// The verifier is not PEM.
    #[error("the verifier is not pem")]
    Pem(#[source] Option<sigstead_key::Error>),
    /// The verifier is PEM of something else.
    #[error("the verifier is neither a public key nor certificates")]
    PemLabel,
    /// The public key cannot be read, or is weak.
    #[error("the public key is not acceptable")]
    PublicKey(#[source] sigstead_key::Error),
    /// A certificate cannot be read, or its key is weak.
    #[error("the certificate is not acceptable")]
    Certificate(#[source] sigstead_x509::Error),
    /// A certificate of the chain is not issued by the one after it.
    #[error("the certificates are no chain")]
    Chain(#[source] Option<sigstead_x509::Error>),
    /// The signature is not one of the key over what was signed.
    #[error("the signature does not fit what was signed and the key")]
    SignatureInvalid,
    /// None of the verifiers made one of the signatures.
    #[error("a signature has no verifier that made it")]
    SignatureUnverified,
    /// One of the verifiers made none of the signatures.
    #[error("a verifier made none of the signatures")]
    VerifierUnused,
    /// The body would not fit into a bundle of entries.
    #[error("an entry of {0} bytes is longer than {MAX_BODY_LENGTH}")]
    TooLong(usize),
    /// The body is not one that this library writes.
    #[error("the body is not a canonical entry of a known kind")]
    NotCanonical,
    /// The number of a tree is not a positive one of 63 bits.
    #[error("the tree id is not a positive number below 2^63")]
    TreeId,
    /// The identifier is neither a leaf hash nor the number of a tree and a leaf hash.
    #[error("the entry id is not 64 or 80 hexadecimal digits")]
    EntryId,
    /// A query's hash has a wrong length, an unknown prefix, or other digits.
    #[error("the hash is not one of sha1, sha256, sha384 or sha512")]
    QueryHash,
    /// A query's text is longer than anything that is indexed.
    #[error("{0} is longer than 512 bytes")]
    QueryTooLong(&'static str),
    /// Keys of this format are not indexed here.
    #[error("public keys in the format {0} are not enabled")]
    KeyFormatNotEnabled(&'static str),
    /// A key is named by a URL, which a log does not fetch.
    #[error("public keys are not fetched from a url")]
    KeyUrl,
    /// The entry could not be written.
    #[error("the entry cannot be written")]
    Encode(#[source] serde_json::Error),
}
