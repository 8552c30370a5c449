use crate::RootHash;

/// What a log is at one moment: how many leaves, under which root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The hash of the whole tree.
    pub root: RootHash,
}

impl TreeHead {
    /// The head of the tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: 0,
            root: RootHash::of_empty(),
        }
    }
}
