use crate::leaf_index::LeafIndex;

/// Why bytes are not a hash, or a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A hash has another length than SHA-256 gives.
    #[error("a hash of {0} bytes where 32 are expected")]
    HashLength(usize),
    /// The leaf lies outside of the tree that the proof is about.
    #[error("leaf {leaf_index} is not in a tree of {tree_size} leaves")]
    LeafOutOfRange {
        /// The leaf of the proof.
        leaf_index: LeafIndex,
        /// The size of the tree of the proof.
        tree_size: u64,
    },
    /// A consistency proof leads from a larger tree to a smaller one.
    #[error("a tree of {first_size} leaves is no prefix of one of {second_size}")]
    SizesReversed {
        /// The size of the older tree.
        first_size: u64,
        /// The size of the newer tree.
        second_size: u64,
    },
    /// The range of leaves is none that a subtree may have.
    #[error("no subtree has the leaves from {start} up to {end}")]
    NoSubtree {
        /// The first leaf.
        start: u64,
        /// The leaf after the last one.
        end: u64,
    },
    /// The proof has more or fewer hashes than the sizes call for.
    #[error("a proof of {0} hashes does not fit the sizes it is for")]
    ProofLength(usize),
    /// The proof leads to another root than the expected one.
    #[error("the proof does not lead to the expected root")]
    RootMismatch,
}

/// Why a proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The proof that was asked for cannot exist.
    #[error(transparent)]
    Impossible(#[from] Error),
    /// A node could not be read.
    #[error("cannot read a node of the tree")]
    Read(#[source] E),
}
