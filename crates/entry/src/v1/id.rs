use std::fmt;
use std::num::NonZeroU64;

use sigstead_merkle::{HASH_LENGTH, LeafHash};

use super::Error;

/// The number of a tree (shard): positive, and below 2^63, because clients read it into signed numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(NonZeroU64);

/// The identifier of an entry: a leaf hash, and for full identifiers before it the tree that holds the leaf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// The tree; none where the identifier does not say.
    pub tree_id: Option<TreeId>,
    /// The leaf, also called the UUID of the entry.
    pub leaf_hash: LeafHash,
}

impl TreeId {
    /// Reads a number as queries and checkpoints write it.
    ///
    /// # Errors
    /// If the text is anything but decimal digits, or the number is not positive or too large.
    pub fn parse_decimal(text: &str) -> Result<Self, Error> {
        // The library would also read a leading plus sign.
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::TreeId);
        }
        let number: u64 = text.parse().map_err(|_| Error::TreeId)?;
        Self::try_from(number)
    }

    /// Reads a number as identifiers of entries write it: 16 hexadecimal digits.
    ///
    /// # Errors
    /// As [`Self::parse_decimal`], for hexadecimal digits.
    pub fn parse_hex16(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; TREE_LENGTH];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| Error::TreeId)?;
        Self::try_from(u64::from_be_bytes(bytes))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The number in 16 hexadecimal digits, lower case.
    #[must_use]
    pub fn to_hex16(self) -> String {
        format!("{:016x}", self.0)
    }
}

impl TryFrom<u64> for TreeId {
    type Error = Error;

    fn try_from(number: u64) -> Result<Self, Error> {
        let is_signed = i64::try_from(number).is_ok();
        let number = NonZeroU64::new(number).filter(|_| is_signed);
        number.map(Self).ok_or(Error::TreeId)
    }
}

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl EntryId {
    /// Reads 64 digits as a leaf hash, 80 as a tree and a leaf hash.
    ///
    /// # Errors
    /// [`Error::EntryId`] if the text has another length or other digits, [`Error::TreeId`] if the number of the tree is
    /// none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (tree, leaf) = match text.len() {
            LEAF_DIGITS => (None, text),
            FULL_DIGITS => {
                let halves = text.split_at_checked(FULL_DIGITS - LEAF_DIGITS);
                let (tree, leaf) = halves.ok_or(Error::EntryId)?;
                (Some(tree), leaf)
            }
            _ => return Err(Error::EntryId),
        };
        let mut bytes = [0; HASH_LENGTH];
        hex::decode_to_slice(leaf, &mut bytes).map_err(|_| Error::EntryId)?;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::EntryId);
        }
        Ok(Self {
            tree_id: tree.map(TreeId::parse_hex16).transpose()?,
            leaf_hash: LeafHash::from_bytes(bytes),
        })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tree_id) = self.tree_id {
            f.write_str(&tree_id.to_hex16())?;
        }
        write!(f, "{}", self.leaf_hash)
    }
}

const TREE_LENGTH: usize = 8;
const LEAF_DIGITS: usize = 2 * HASH_LENGTH;
const FULL_DIGITS: usize = 2 * TREE_LENGTH + LEAF_DIGITS;
