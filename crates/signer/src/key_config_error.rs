//! What is wrong with a key in a configuration.

use crate::pkcs11_uri::ParsePkcs11UriError;
use crate::vault_uri::ParseVaultUriError;

/// A text that does not name a key, or fields that do not belong to what it names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyConfigError {
    /// The URI is none of a key.
    #[error(
        "`{0}` does not name a key: write file: and a path, as in file:keys/ca.key, or a pkcs11: or vault: URI"
    )]
    Uri(String),
    /// The PKCS #11 URI is refused.
    #[error("the pkcs11: URI is refused: {0}")]
    Pkcs11(#[from] ParsePkcs11UriError),
    /// The URI of a key in Vault is refused.
    #[error("the vault: URI is refused: {0}")]
    Vault(#[from] ParseVaultUriError),
    /// The address of the server is refused.
    #[error("the address is refused: {0}")]
    Address(&'static str),
    /// The namespace is refused.
    #[error("`{0:?}` is no namespace, as in teams/one")]
    Namespace(String),
    /// A field belongs to keys of another kind.
    #[error("a {kind} key has no field `{field}`; take it out")]
    Foreign {
        /// The scheme of the URI.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A field that the kind needs is missing.
    #[error("a {kind} key needs the field `{field}`: {meaning}")]
    Missing {
        /// The scheme of the URI.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// What to write into it.
        meaning: &'static str,
    },
    /// A field and the URI say the same thing twice.
    #[error("the URI names `{attribute}` and the field `{field}` is there too; keep one of them")]
    Twice {
        /// The attribute of the URI.
        attribute: &'static str,
        /// The field.
        field: &'static str,
    },
}
