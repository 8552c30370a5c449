//! A tree that is computed word by word from RFC 6962 §2.1.

use std::convert::Infallible;

use sigstead_merkle::{LeafHash, NodeHash, NodeReader, RootHash};

pub(crate) struct NaiveTree(pub(crate) Vec<LeafHash>);

impl NaiveTree {
    pub(crate) fn of(leaves: &[Vec<u8>]) -> Self {
        Self(leaves.iter().map(|leaf| LeafHash::of(leaf)).collect())
    }

    pub(crate) fn with_size(size: u64) -> Self {
        Self((0..size).map(|i| LeafHash::of(&i.to_be_bytes())).collect())
    }

    pub(crate) fn root(&self, size: u64) -> RootHash {
        match &self.0[..size as usize] {
            [] => RootHash::of_empty(),
            leaves => subtree(leaves).into(),
        }
    }
}

// RFC 6962 §2.1
pub(crate) fn subtree(leaves: &[LeafHash]) -> NodeHash {
    if let [leaf] = leaves {
        return (*leaf).into();
    }
    let (left, right) = leaves.split_at(middle_of(leaves.len()));
    NodeHash::of_children(&subtree(left), &subtree(right))
}

/// The largest power of two that is less than `length`.
pub(crate) fn middle_of(length: usize) -> usize {
    let mut middle = 1;
    while middle * 2 < length {
        middle *= 2;
    }
    middle
}

// RFC 6962 §2.1.1
pub(crate) fn path(leaf: usize, leaves: &[LeafHash]) -> Vec<NodeHash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = middle_of(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if leaf < middle {
        let mut hashes = path(leaf, left);
        hashes.push(subtree(right));
        hashes
    } else {
        let mut hashes = path(leaf - middle, right);
        hashes.push(subtree(left));
        hashes
    }
}

impl NodeReader for NaiveTree {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Infallible> {
        let (start, end) = (index << level, (index + 1) << level);
        Ok(subtree(&self.0[start as usize..end as usize]))
    }
}
