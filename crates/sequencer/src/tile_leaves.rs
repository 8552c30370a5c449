use sigstead_ct::TileLeaf;
use sigstead_tiles::BundleKind;

use crate::leaf_format::{LeafFormat, LeafFormatError, StoredLeaf};

/// The leaves of C2SP static-ct-api bundles, which frame themselves.
///
/// The deduplication key is the identity of the logged certificate, whatever its time and index.
#[derive(Debug, Clone, Copy, Default)]
pub struct TileLeaves;

impl LeafFormat for TileLeaves {
    fn bundle_kind(&self) -> BundleKind {
        BundleKind::Data
    }

    fn framed_bytes(&self, bundle: &[u8]) -> Result<usize, LeafFormatError> {
        TileLeaf::decode_first(bundle)
            .map(|(_, length)| length)
            .map_err(unfit)
    }

    fn read(&self, framed: &[u8]) -> Result<StoredLeaf, LeafFormatError> {
        let stored = TileLeaf::decode(framed).map_err(unfit)?.timestamped_entry;
        Ok(StoredLeaf {
            leaf_hash: stored.leaf_hash().map_err(unfit)?,
            deduplication_key: Some(stored.entry.identity().map_err(unfit)?),
            time_millis: stored.timestamp_millis,
        })
    }
}

fn unfit(_: sigstead_ct::Error) -> LeafFormatError {
    LeafFormatError {
        why: "not exactly one tile leaf",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_read_what_is_no_leaf() {
        for bytes in [&b""[..], b"\0", &[0xff; 64]] {
            assert!(TileLeaves.read(bytes).is_err());
            assert!(TileLeaves.framed_bytes(bytes).is_err());
        }
    }
}
