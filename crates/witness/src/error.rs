use sigstead_note::{KeyId, KeyName};

/// Why a key, a cosignature or a policy is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text has not the three parts of a verifier key.
    #[error(
        "`{0}` is not a verifier key: write <name>+<key id in hex>+<key in base64>, as its operator publishes it"
    )]
    VerifierKey(String),
    /// The name in a verifier key cannot name a key.
    #[error("the verifier key has no usable name")]
    KeyName(#[source] sigstead_note::Error),
    /// The key identifier is not that of the name and the key.
    #[error(
        "the key of {name} has the id {computed}, but its line says {stated}: the line was altered, so copy it anew"
    )]
    KeyIdMismatch {
        /// The name of the key.
        name: KeyName,
        /// What the text says.
        stated: KeyId,
        /// What comes out of name and key.
        computed: KeyId,
    },
    /// The key makes signatures of another type than the one that is needed.
    #[error("the key of {name} is for signatures of type {found:#04x}: {needed}")]
    SignatureType {
        /// The name of the key.
        name: KeyName,
        /// The type that the text says.
        found: u8,
        /// Which types are accepted here.
        needed: &'static str,
    },
    /// The key material is not a key of its type.
    #[error("the key of {name} is not a key of its type")]
    KeyMaterial {
        /// The name of the key.
        name: KeyName,
        /// What is wrong with it.
        #[source]
        source: sigstead_key::Error,
    },
    /// The signature has not the length of a timestamp and an Ed25519 signature.
    #[error("a cosignature of {name} has {length} bytes instead of 72")]
    CosignatureLength {
        /// The name of the key.
        name: KeyName,
        /// The bytes that there are.
        length: usize,
    },
    /// The signature is not by this key.
    #[error("the signature line is of {found}, not of {expected}")]
    OtherKey {
        /// The name of the key that was expected.
        expected: KeyName,
        /// The name that the line has; the key identifier may be what differs.
        found: KeyName,
    },
    /// The time of the cosignature is zero, or no POSIX time.
    #[error("a cosignature of {name} says the impossible time {timestamp_seconds}")]
    CosignatureTime {
        /// The name of the key.
        name: KeyName,
        /// The time that it says.
        timestamp_seconds: u64,
    },
    /// The cosignature does not fit the text.
    #[error("the cosignature of {name} is wrong")]
    CosignatureInvalid {
        /// The name of the key.
        name: KeyName,
        /// What the verification found.
        #[source]
        source: sigstead_key::Error,
    },
    /// The body of a request has not the lines of one.
    #[error(
        "the text is no add-checkpoint request: an old size, proof lines, an empty line, and a checkpoint"
    )]
    Request,
    /// What a request asks for is no signed note.
    #[error("the checkpoint of the request is no signed note")]
    Note(#[source] sigstead_note::Error),
    /// A line of a policy is not accepted.
    #[error("line {line} of the witness policy")]
    Policy {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: PolicyError,
    },
    /// A policy is longer than any sensible one.
    #[error("the witness policy has {0} bytes, more than the {limit} that are read", limit = MAX_POLICY_BYTES)]
    PolicyTooLong(usize),
    /// A policy does not say which witnesses suffice.
    #[error(
        "the witness policy has no quorum line: end it with `quorum <witness or group>`, or with `quorum none`"
    )]
    QuorumMissing,
    /// A log cannot ask a witness without an address.
    #[error("witness `{0}` has no url: write the submission prefix of the witness behind its key")]
    UrlMissing(String),
}

/// Why a line of a policy is not accepted, and what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The last line does not end.
    #[error("the last line does not end with a line feed: the file may be cut off")]
    CutOff,
    /// A character is none that a policy may hold.
    #[error(
        "control character {0:?}: a policy holds text, spaces, tabs and line feeds (no carriage returns)"
    )]
    ControlCharacter(char),
    /// The first word is none that opens a line.
    #[error("`{0}` opens no line of a policy: use `log`, `witness`, `group` or `quorum`")]
    Keyword(String),
    /// The line has too few or too many words.
    #[error("the line has the wrong number of words: write `{0}`")]
    Words(&'static str),
    /// The verifier key is not accepted.
    #[error("the verifier key is not accepted")]
    Key(#[source] Box<Error>),
    /// The key stands on an earlier line.
    #[error("the key of `{0}` stands on an earlier line: a log or witness is listed once")]
    DuplicateKey(String),
    /// The address is not one of a witness or log.
    #[error(
        "`{0}` is not the url of a log or witness: write https://host/prefix, without user, query and fragment"
    )]
    Url(String),
    /// The name has a meaning of its own.
    #[error("`none` stands for no quorum: choose another name")]
    ReservedName,
    /// The name is that of an earlier line.
    #[error(
        "`{0}` is the name of an earlier line: witnesses and groups each need a name of their own"
    )]
    DuplicateName(String),
    /// The name is not that of an earlier line.
    #[error("`{0}` is not defined above this line: define the witness or group first")]
    UnknownName(String),
    /// The name is a member of a group already.
    #[error("`{0}` is a member of a group already: each witness or group counts in one place only")]
    MemberTwice(String),
    /// The threshold is not a number of members.
    #[error(
        "`{threshold}` of {members} members cannot be: write `any`, `all`, or a number from 1 to {members}"
    )]
    Threshold {
        /// The threshold as it is written.
        threshold: String,
        /// The number of members.
        members: usize,
    },
    /// There is a quorum line already.
    #[error("a policy has one quorum line, and it stands above: remove one of them")]
    SecondQuorum,
    /// There are more lines of a kind than are read.
    #[error("more than {limit} lines of the kind `{kind}`")]
    TooMany {
        /// The first word of the line.
        kind: &'static str,
        /// How many are read.
        limit: usize,
    },
}

/// The largest policy that is read.
pub(crate) const MAX_POLICY_BYTES: usize = 64 * 1024;
