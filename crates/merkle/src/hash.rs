use std::fmt;

use sha2::{Digest, Sha256};

use crate::Error;

/// Bytes in each hash of a tree.
pub const HASH_LENGTH: usize = 32;

macro_rules! hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; HASH_LENGTH]);

        impl $name {
            /// A hash from its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; HASH_LENGTH]) -> Self {
                Self(bytes)
            }

            /// The bytes of the hash.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; HASH_LENGTH] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = Error;

            fn try_from(bytes: &[u8]) -> Result<Self, Error> {
                let length = bytes.len();
                bytes.try_into().map(Self).map_err(|_| Error::HashLength(length))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 2 * HASH_LENGTH];
                hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
                f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

hash! {
    /// The hash of one leaf.
    LeafHash
}

hash! {
    /// The hash of a subtree, be it a single leaf.
    NodeHash
}

hash! {
    /// The hash of a whole tree.
    RootHash
}

impl LeafHash {
    /// Hashes the bytes of a leaf.
    #[must_use]
    pub fn of(leaf: &[u8]) -> Self {
        let mut hash = Sha256::new_with_prefix([LEAF_PREFIX]);
        hash.update(leaf);
        Self(hash.finalize().into())
    }
}

impl NodeHash {
    /// Hashes two neighbouring subtrees into the one above them.
    #[must_use]
    pub fn of_children(left: &Self, right: &Self) -> Self {
        let mut hash = Sha256::new_with_prefix([NODE_PREFIX]);
        hash.update(left.0);
        hash.update(right.0);
        Self(hash.finalize().into())
    }
}

impl RootHash {
    /// The root of the tree without leaves.
    #[must_use]
    pub fn of_empty() -> Self {
        Self(Sha256::digest([]).into())
    }
}

impl From<LeafHash> for NodeHash {
    fn from(leaf: LeafHash) -> Self {
        Self(leaf.0)
    }
}

impl From<NodeHash> for RootHash {
    fn from(node: NodeHash) -> Self {
        Self(node.0)
    }
}

// RFC 6962 §2.1. With one prefix for both, a leaf could be passed off as a subtree: whoever
// chooses a leaf's bytes could make the same root stand for another list of leaves.
const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_the_published_vectors() {
        // Test vectors of certificate-transparency, the reference implementation of RFC 6962.
        assert_eq!(
            RootHash::of_empty().to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            LeafHash::of(b"").to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn refuses_bytes_of_another_length() {
        for length in [0, 31, 33] {
            let bytes = vec![0; length];
            let refused = Err(Error::HashLength(length));
            assert_eq!(NodeHash::try_from(bytes.as_slice()), refused);
        }
        assert!(LeafHash::try_from([7; 32].as_slice()).is_ok());
    }

    #[test]
    fn shows_itself_in_lower_case_hex() {
        let hash = RootHash::from_bytes([0xab; 32]);
        assert_eq!(hash.to_string(), "ab".repeat(32));
        assert_eq!(format!("{hash:?}"), hash.to_string());
    }
}
