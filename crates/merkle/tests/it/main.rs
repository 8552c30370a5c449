//! Proofs against a tree that is computed word by word.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod proofs;
mod subtree;
mod tree;
