/// Why a path, a tile or a bundle is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The path is not the one spelling of a tile or bundle.
    #[error("`{0}` is not the path of a tile")]
    Path(String),
    /// The level is beyond the last one of a tree of 2^64 leaves.
    #[error("level {0} is above 63")]
    Level(u8),
    /// A tile has between 1 and 256 columns.
    #[error("a width of {0} is not between 1 and 256")]
    Width(u16),
    /// The bytes are not a whole number of hashes, or not as many as the width says.
    #[error("a tile of width {width} has {length} bytes")]
    TileLength {
        /// The width of the tile.
        width: u16,
        /// The bytes that were given for it.
        length: usize,
    },
    /// An entry does not fit its two bytes of length.
    #[error("an entry of {0} bytes is longer than 65535")]
    EntryLength(usize),
    /// The bundle ends inside an entry.
    #[error("the bundle ends inside entry {0}")]
    BundleTruncated(usize),
    /// The bundle holds another number of entries than its width says.
    #[error("a bundle of width {width} has {count} entries")]
    BundleCount {
        /// The width of the bundle.
        width: u16,
        /// The entries that were found in it.
        count: usize,
    },
}
