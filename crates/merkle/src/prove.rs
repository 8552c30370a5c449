use std::ops::Range;

use crate::{
    ConsistencyProof, Error, InclusionProof, LeafIndex, NodeHash, ProveError, RootHash, Subtree,
    SubtreeProof,
};

/// A source of perfect subtrees.
///
/// An implementation MUST answer the same hash for the same node for ever, and MUST fail rather
/// than guess where it does not have the node. It is asked only for nodes whose leaves all lie in
/// the tree that the proof is about.
pub trait NodeReader {
    /// Why a node cannot be read.
    type Error;

    /// The hash of the perfect subtree of height `level` that is the `index`th of its level: it
    /// covers the leaves from `index << level` up to, but not including, `(index + 1) << level`.
    ///
    /// # Errors
    /// The node is not there, or cannot be read.
    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Self::Error>;
}

/// Makes the proof that a leaf stands in the tree of the first `tree_size` leaves.
///
/// # Errors
/// The leaf is not in that tree, or a node cannot be read.
pub fn prove_inclusion<R: NodeReader>(
    reader: &R,
    leaf_index: LeafIndex,
    tree_size: u64,
) -> Result<InclusionProof, ProveError<R::Error>> {
    let leaf = leaf_index.value();
    if leaf >= tree_size {
        return Err(Error::LeafOutOfRange {
            leaf_index,
            tree_size,
        }
        .into());
    }
    // RFC 9162 §2.1.3.1, from the root down, so the hashes come out in reverse.
    let mut range = 0..tree_size;
    let mut hashes = Vec::new();
    while range.end - range.start > 1 {
        let middle = middle_of(&range);
        let (inside, sibling) = if leaf < middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        hashes.push(range_hash(reader, sibling)?);
        range = inside;
    }
    hashes.reverse();
    Ok(InclusionProof {
        leaf_index,
        tree_size,
        hashes,
    })
}

/// Makes the proof that the tree of the first `first_size` leaves is the beginning of the tree of
/// the first `second_size` leaves.
///
/// # Errors
/// The sizes are in the wrong order, or a node cannot be read.
pub fn prove_consistency<R: NodeReader>(
    reader: &R,
    first_size: u64,
    second_size: u64,
) -> Result<ConsistencyProof, ProveError<R::Error>> {
    if first_size > second_size {
        return Err(Error::SizesReversed {
            first_size,
            second_size,
        }
        .into());
    }
    let hashes = if first_size == 0 {
        Vec::new()
    } else {
        subtree_hashes(reader, 0..first_size, second_size)?
    };
    Ok(ConsistencyProof {
        first_size,
        second_size,
        hashes,
    })
}

/// Makes the proof that a subtree is a part of the tree of the first `tree_size` leaves.
///
/// # Errors
/// The subtree ends behind that tree, or a node cannot be read.
pub fn prove_subtree<R: NodeReader>(
    reader: &R,
    subtree: Subtree,
    tree_size: u64,
) -> Result<SubtreeProof, ProveError<R::Error>> {
    if subtree.end() > tree_size {
        return Err(Error::SizesReversed {
            first_size: subtree.end(),
            second_size: tree_size,
        }
        .into());
    }
    let hashes = subtree_hashes(reader, subtree.start()..subtree.end(), tree_size)?;
    Ok(SubtreeProof {
        subtree,
        tree_size,
        hashes,
    })
}

// draft-ietf-plants-merkle-tree-certs §4.4.1, of which RFC 9162 §2.1.4.1 is the case that begins with the first leaf. It goes
// from the root down, so the hashes come out in reverse.
fn subtree_hashes<R: NodeReader>(
    reader: &R,
    mut subtree: Range<u64>,
    tree_size: u64,
) -> Result<Vec<NodeHash>, ProveError<R::Error>> {
    let mut range = 0..tree_size;
    let mut is_whole = true;
    let mut hashes = Vec::new();
    while range != subtree {
        let middle = middle_of(&range);
        let (edge, sibling) = if subtree.end <= middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        if subtree.start < middle && middle < subtree.end {
            // The left part is whole in both; what is left to prove is the right part.
            subtree.start = middle;
            is_whole = false;
        }
        hashes.push(range_hash(reader, sibling)?);
        range = edge;
    }
    // Whoever checks the proof knows the hash of the subtree, and needs no copy of it.
    if !is_whole {
        hashes.push(range_hash(reader, range)?);
    }
    hashes.reverse();
    Ok(hashes)
}

/// Computes the hash of a subtree.
///
/// # Errors
/// A node cannot be read.
pub fn hash_of<R: NodeReader>(
    reader: &R,
    subtree: Subtree,
) -> Result<NodeHash, ProveError<R::Error>> {
    range_hash(reader, subtree.start()..subtree.end())
}

/// Computes the root of the tree of the first `tree_size` leaves.
///
/// # Errors
/// A node cannot be read.
pub fn root_of<R: NodeReader>(
    reader: &R,
    tree_size: u64,
) -> Result<RootHash, ProveError<R::Error>> {
    if tree_size == 0 {
        return Ok(RootHash::of_empty());
    }
    range_hash(reader, 0..tree_size).map(RootHash::from)
}

// The hash of a range of leaves that begins where a subtree of its size may begin: its perfect
// subtrees from left to right, folded from the right.
fn range_hash<R: NodeReader>(
    reader: &R,
    range: Range<u64>,
) -> Result<NodeHash, ProveError<R::Error>> {
    let (mut level, mut index) = largest_subtree(&range);
    let mut last = reader.node(level, index).map_err(ProveError::Read)?;
    let mut lefts = Vec::new();
    let mut start = range.start + (1 << level);
    while start < range.end {
        lefts.push(last);
        (level, index) = largest_subtree(&(start..range.end));
        last = reader.node(level, index).map_err(ProveError::Read)?;
        start += 1 << level;
    }
    let fold = |right, left| NodeHash::of_children(&left, &right);
    Ok(lefts.into_iter().rev().fold(last, fold))
}

fn largest_subtree(range: &Range<u64>) -> (u8, u64) {
    // At most 63, so nothing is cut off.
    let level = (range.end - range.start).ilog2() as u8;
    (level, range.start >> level)
}

// Where a subtree of at least two leaves falls apart: the left part is the largest perfect subtree
// that is smaller than the whole.
fn middle_of(range: &Range<u64>) -> u64 {
    let last = range.end - range.start - 1;
    range.start + (1 << last.ilog2())
}
