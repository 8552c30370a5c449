//! Merkle tree hashing, and proofs of inclusion and consistency, made and checked.
//!
//! Specifications: RFC 6962 §2.1 (hashing, shape of the tree) and RFC 9162 §2.1.3 and §2.1.4
//! (generation and verification of proofs); draft-ietf-plants-merkle-tree-certs-02 §4 (subtrees and their proofs).
//!
//! Provided: the three kinds of hash, tree heads, proofs with their verification, and the functions
//! that make proofs from any source of perfect subtrees ([`NodeReader`]).
//!
//! Deliberately absent: storage and tiles (crate `tiles`), signatures (crate `checkpoint`), and any
//! hash but SHA-256.

#![warn(clippy::indexing_slicing)]

mod error;
mod hash;
mod head;
mod leaf_index;
mod proof;
mod prove;
mod subtree;

pub use error::{Error, ProveError};
pub use hash::{HASH_LENGTH, LeafHash, NodeHash, RootHash};
pub use head::TreeHead;
pub use leaf_index::LeafIndex;
pub use proof::{ConsistencyProof, InclusionProof};
pub use prove::{NodeReader, hash_of, prove_consistency, prove_inclusion, prove_subtree, root_of};
pub use subtree::{Subtree, SubtreeProof};
