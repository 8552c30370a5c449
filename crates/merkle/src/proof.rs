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
        let (first_computed, second_computed) = self.compute_roots(first)?;
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

    fn compute_roots(&self, first: &RootHash) -> Result<(NodeHash, NodeHash), Error> {
        // RFC 9162 §2.1.4.2, with its numbers.
        let wrong_length = || Error::ProofLength(self.hashes.len());
        let mut hashes = self.hashes.iter().copied();
        // 2. The root of a perfect older tree is itself the first node, and is left out.
        let start = if self.first_size.is_power_of_two() {
            Some(NodeHash::from_bytes(*first.as_bytes()))
        } else {
            hashes.next()
        };
        // 1. and 5. Both computations start at the same node.
        let start = start.ok_or_else(wrong_length)?;
        let (mut first_hash, mut second_hash) = (start, start);
        // 3. and 4. That node is the highest perfect subtree at the older tree's right edge.
        let mut node_index = self.first_size - 1;
        let mut last_index = self.second_size - 1;
        let below = node_index.trailing_ones();
        node_index = node_index.checked_shr(below).unwrap_or(0);
        last_index = last_index.checked_shr(below).unwrap_or(0);
        // 6. A left sibling belongs to both trees, a right one to the newer tree alone.
        for sibling in hashes {
            if last_index == 0 {
                return Err(wrong_length());
            }
            if is_right_child(node_index) || node_index == last_index {
                first_hash = NodeHash::of_children(&sibling, &first_hash);
                second_hash = NodeHash::of_children(&sibling, &second_hash);
                skip_missing_siblings(&mut node_index, &mut last_index);
            } else {
                second_hash = NodeHash::of_children(&second_hash, &sibling);
            }
            node_index >>= 1;
            last_index >>= 1;
        }
        // 7. The way must have ended at the root.
        if last_index != 0 {
            return Err(wrong_length());
        }
        Ok((first_hash, second_hash))
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

fn expect_root(computed: NodeHash, expected: &RootHash) -> Result<(), Error> {
    if RootHash::from(computed) == *expected {
        Ok(())
    } else {
        Err(Error::RootMismatch)
    }
}
