use crate::{Error, LeafHash, LeafIndex, NodeHash, RootHash};

/// The proof that a leaf stands at a position of a tree (RFC 9162 §2.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The position of the leaf.
    pub leaf_index: LeafIndex,
    /// The size of the tree.
    pub tree_size: u64,
    /// The sibling subtrees on the way from the leaf to the root.
    pub hashes: Vec<NodeHash>,
}

impl InclusionProof {
    /// Checks that the leaf stands where the proof says, under that root.
    ///
    /// # Errors
    /// The position lies outside of the tree, the number of hashes is wrong, or another root
    /// comes out.
    pub fn verify(&self, leaf: &LeafHash, root: &RootHash) -> Result<(), Error> {
        // RFC 9162 §2.1.3.2, with its numbers.
        // 1. The leaf must be in the tree.
        if self.leaf_index.value() >= self.tree_size {
            return Err(Error::LeafOutOfRange {
                leaf_index: self.leaf_index,
                tree_size: self.tree_size,
            });
        }
        // 2. and 3. Start at the leaf.
        let mut node_index = self.leaf_index.value();
        let mut last_index = self.tree_size - 1;
        let mut hash = NodeHash::from(*leaf);
        // 4. Each hash is the left or the right sibling of what has been computed.
        for sibling in &self.hashes {
            if last_index == 0 {
                return Err(Error::ProofLength(self.hashes.len()));
            }
            if is_right_child(node_index) || node_index == last_index {
                hash = NodeHash::of_children(sibling, &hash);
                skip_missing_siblings(&mut node_index, &mut last_index);
            } else {
                hash = NodeHash::of_children(&hash, sibling);
            }
            node_index >>= 1;
            last_index >>= 1;
        }
        // 5. The way must have ended at the root.
        if last_index != 0 {
            return Err(Error::ProofLength(self.hashes.len()));
        }
        expect_root(hash, root)
    }
}

/// The proof that a tree is the beginning of a later one (RFC 9162 §2.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The size of the older tree.
    pub first_size: u64,
    /// The size of the newer tree.
    pub second_size: u64,
    /// The subtrees from which both roots can be computed.
    pub hashes: Vec<NodeHash>,
}

impl ConsistencyProof {
    /// Checks that the tree under the first root is the beginning of the one under the second.
    ///
    /// # Errors
    /// The sizes are in the wrong order, the number of hashes is wrong, or another root comes out.
    pub fn verify(&self, first: &RootHash, second: &RootHash) -> Result<(), Error> {
        if self.first_size > self.second_size {
            return Err(Error::SizesReversed {
                first_size: self.first_size,
                second_size: self.second_size,
            });
        }
        if self.first_size == 0 || self.first_size == self.second_size {
            return self.verify_without_hashes(first, second);
        }
        // The older tree is the subtree that begins with the first leaf.
        let climb = Climb::new(0, self.first_size, self.second_size);
        let first_node = NodeHash::from_bytes(*first.as_bytes());
        let (first_computed, second_computed) = climb.compute(&first_node, &self.hashes)?;
        expect_root(first_computed, first)?;
        expect_root(second_computed, second)
    }

    // The empty tree begins every tree, and each tree begins itself: nothing is left to prove.
    fn verify_without_hashes(&self, first: &RootHash, second: &RootHash) -> Result<(), Error> {
        if !self.hashes.is_empty() {
            return Err(Error::ProofLength(self.hashes.len()));
        }
        let empty_is_empty = self.first_size != 0 || *first == RootHash::of_empty();
        let same_is_same = self.first_size != self.second_size || first == second;
        if empty_is_empty && same_is_same {
            Ok(())
        } else {
            Err(Error::RootMismatch)
        }
    }
}

/// The way from the right edge of a subtree up to the root of the tree that it is a part of
/// (draft-ietf-plants-merkle-tree-certs §4.4.3, of which RFC 9162 §2.1.4.2 is the case that begins with the first leaf).
pub(crate) struct Climb {
    /// Where the subtree's left edge is on the level that has been reached.
    left: u64,
    /// Where its right edge is.
    right: u64,
    /// Where the tree's right edge is.
    last: u64,
}

impl Climb {
    /// The way of the leaves from `start` up to, but not including, `end`, in a tree of `tree_size` leaves. `start` is less
    /// than `end`, which is no more than `tree_size`.
    pub(crate) const fn new(start: u64, end: u64, tree_size: u64) -> Self {
        Self {
            left: start,
            right: end - 1,
            last: tree_size - 1,
        }
    }

    /// The hashes of the subtree and of the tree, computed from the hashes of a proof. A subtree that is a node of the tree is
    /// where the proof starts, and is left out of it: `subtree` is its hash.
    pub(crate) fn compute(
        mut self,
        subtree: &NodeHash,
        hashes: &[NodeHash],
    ) -> Result<(NodeHash, NodeHash), Error> {
        let wrong_length = || Error::ProofLength(hashes.len());
        let mut rest = hashes.iter().copied();
        // 3. Both computations start at the highest node at the right edge that is in both.
        let is_at_the_edge = self.right == self.last;
        while self.left != self.right && (is_at_the_edge || is_right_child(self.right)) {
            self.rise();
        }
        // 4. That node is the subtree itself, or the first hash.
        let start = if self.left == self.right {
            Some(*subtree)
        } else {
            rest.next()
        };
        let start = start.ok_or_else(wrong_length)?;
        let (mut of_subtree, mut of_tree) = (start, start);
        // 5. A left sibling inside of the subtree belongs to both, any other one to the tree alone.
        for sibling in rest {
            if self.last == 0 {
                return Err(wrong_length());
            }
            if is_right_child(self.right) || self.right == self.last {
                if self.left < self.right {
                    of_subtree = NodeHash::of_children(&sibling, &of_subtree);
                }
                of_tree = NodeHash::of_children(&sibling, &of_tree);
                // At the right edge, a node without sibling rises unchanged until it is somebody's right child.
                while !is_right_child(self.right) && self.right != 0 {
                    self.rise();
                }
            } else {
                of_tree = NodeHash::of_children(&of_tree, &sibling);
            }
            self.rise();
        }
        // 6. The way must have ended at the root.
        if self.last != 0 {
            return Err(wrong_length());
        }
        Ok((of_subtree, of_tree))
    }

    fn rise(&mut self) {
        self.left >>= 1;
        self.right >>= 1;
        self.last >>= 1;
    }
}

fn is_right_child(node_index: u64) -> bool {
    node_index & 1 == 1
}

// At the right edge of a tree that is not perfect, a node without sibling rises unchanged until it
// is somebody's right child.
fn skip_missing_siblings(node_index: &mut u64, last_index: &mut u64) {
    while !is_right_child(*node_index) && *node_index != 0 {
        *node_index >>= 1;
        *last_index >>= 1;
    }
}

pub(crate) fn expect_root(computed: NodeHash, expected: &RootHash) -> Result<(), Error> {
    if RootHash::from(computed) == *expected {
        Ok(())
    } else {
        Err(Error::RootMismatch)
    }
}
