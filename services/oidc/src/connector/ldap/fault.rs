use ldap3::LdapError;

/// Why a directory judged nobody.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It does not answer, or not in time.
    #[error("the directory does not answer")]
    Unreachable(#[source] LdapError),
    /// The time for a sign-in is over.
    #[error("the directory took longer than a sign-in may")]
    TooSlow,
    /// It refuses the account that the issuer searches as.
    #[error("the directory refuses the bind of the issuer: {0}")]
    Bind(String),
    /// The file with the password of that account cannot be read.
    #[error("cannot read {path}")]
    PasswordFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It refuses a search.
    #[error("the directory refuses a search: {0}")]
    Search(String),
    /// It sends the issuer elsewhere.
    #[error("the directory refers to another, which is not followed: {0}")]
    Referred(String),
    /// An answer is none of LDAP.
    #[error("the directory sent an answer that cannot be read")]
    Malformed,
    /// A person is in more groups than a token can hold.
    #[error("a person is in more than {GROUPS_AT_MOST} groups; narrow the filter of groups")]
    TooManyGroups,
}

/// Tokens travel in headers, which servers take up to some 8 KiB.
pub(super) const GROUPS_AT_MOST: usize = 64;
