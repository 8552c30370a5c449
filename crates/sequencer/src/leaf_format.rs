use sigstead_merkle::LeafHash;
use sigstead_tiles::BundleKind;

/// How the leaves of a log are written, as far as the engine has to read them back.
pub trait LeafFormat: Send + Sync {
    /// Under which folder the bundles stand.
    fn bundle_kind(&self) -> BundleKind;

    /// The length of the first framed entry of these bytes, which are not empty.
    ///
    /// # Errors
    /// [`LeafFormatError`] when they do not start with a whole entry.
    fn framed_bytes(&self, bundle: &[u8]) -> Result<usize, LeafFormatError>;

    /// Reads one framed entry.
    ///
    /// # Errors
    /// [`LeafFormatError`] when the bytes are not exactly one entry.
    fn read(&self, framed: &[u8]) -> Result<StoredLeaf, LeafFormatError>;
}

/// What the engine needs to know of a stored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredLeaf {
    /// The entry's leaf hash.
    pub leaf_hash: LeafHash,
    /// The key that [`PendingEntry::deduplication_key`](crate::PendingEntry::deduplication_key) gave for it.
    pub deduplication_key: Option<[u8; 32]>,
    /// The time it was sealed with, where the leaf contains it; else 0.
    pub time_millis: u64,
}

/// Stored bytes are not an entry of the log's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an entry of this log's format: {why}")]
pub struct LeafFormatError {
    /// What does not fit.
    pub why: &'static str,
}

/// The leaves of C2SP tlog-tiles entry bundles: two bytes of length, then the entry; the entry is what is hashed.
///
/// The deduplication key is the leaf hash, so a pending entry of such a log answers its own leaf hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct EntryLeaves;

impl LeafFormat for EntryLeaves {
    fn bundle_kind(&self) -> BundleKind {
        BundleKind::Entries
    }

    fn framed_bytes(&self, bundle: &[u8]) -> Result<usize, LeafFormatError> {
        let (length, rest) = bundle.split_first_chunk().ok_or(SHORT)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if rest.len() < length {
            Err(SHORT)
        } else {
            Ok(LENGTH_BYTES + length)
        }
    }

    fn read(&self, framed: &[u8]) -> Result<StoredLeaf, LeafFormatError> {
        if self.framed_bytes(framed)? != framed.len() {
            return Err(LeafFormatError {
                why: "bytes behind the entry",
            });
        }
        let leaf_hash = LeafHash::of(framed.get(LENGTH_BYTES..).ok_or(SHORT)?);
        let deduplication_key = Some(*leaf_hash.as_bytes());
        Ok(StoredLeaf {
            leaf_hash,
            deduplication_key,
            time_millis: 0,
        })
    }
}

const SHORT: LeafFormatError = LeafFormatError {
    why: "shorter than its length says",
};

const LENGTH_BYTES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framed_entry_is_read_back() {
        let framed = sigstead_tiles::frame(b"entry").unwrap();
        let leaf = EntryLeaves.read(&framed).unwrap();
        assert_eq!(leaf.leaf_hash, LeafHash::of(b"entry"));
        assert_eq!(leaf.deduplication_key, Some(*leaf.leaf_hash.as_bytes()));
    }

    #[test]
    fn refuses_what_is_not_exactly_one_entry() {
        for framed in [
            &b""[..],
            b"\x00",
            b"\x00\x05entr",
            b"\x00\x05entry!",
            b"\xff\xff",
        ] {
            assert!(EntryLeaves.read(framed).is_err(), "{framed:?}");
        }
    }
}
