use crate::proof::{Climb, expect_root};
use crate::{Error, NodeHash, RootHash};

/// A range of leaves that begins where a subtree of its size may begin (draft-ietf-plants-merkle-tree-certs §4.1).
///
/// Such a range has a hash of its own, `MTH(D[start:end])`, be the range full or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    start: u64,
    end: u64,
}

impl Subtree {
    /// The leaves from `start` up to, but not including, `end`.
    ///
    /// # Errors
    /// There are no leaves, or `start` is not a multiple of the smallest power of two that has room for them.
    pub fn new(start: u64, end: u64) -> Result<Self, Error> {
        let refused = Error::NoSubtree { start, end };
        let length = end.checked_sub(start).filter(|length| *length > 0);
        let room = length.and_then(u64::checked_next_power_of_two);
        match room {
            Some(room) if start.is_multiple_of(room) => Ok(Self { start, end }),
            // No start but the first leaf is a multiple of what `u64` has no room for.
            None if length.is_some() && start == 0 => Ok(Self { start, end }),
            _ => Err(refused),
        }
    }

    /// The first leaf.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The leaf after the last one.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }
}

/// The proof that a subtree is a part of a tree (draft-ietf-plants-merkle-tree-certs §4.4): what was hashed into the one was
/// hashed into the other, at the same places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubtreeProof {
    /// Which leaves it is about.
    pub subtree: Subtree,
    /// The size of the tree.
    pub tree_size: u64,
    /// The hashes from which those of the subtree and of the tree can be computed.
    pub hashes: Vec<NodeHash>,
}

impl SubtreeProof {
    /// Checks that the subtree whose hash is `subtree` stands in the tree whose root is `root`.
    ///
    /// # Errors
    /// The subtree ends behind the tree, the number of hashes is wrong, or another hash comes out.
    pub fn verify(&self, subtree: &NodeHash, root: &RootHash) -> Result<(), Error> {
        let Subtree { start, end } = self.subtree;
        if end > self.tree_size {
            return Err(Error::SizesReversed {
                first_size: end,
                second_size: self.tree_size,
            });
        }
        let climb = Climb::new(start, end, self.tree_size);
        let (of_subtree, of_tree) = climb.compute(subtree, &self.hashes)?;
        if of_subtree != *subtree {
            return Err(Error::RootMismatch);
        }
        expect_root(of_tree, root)
    }
}
