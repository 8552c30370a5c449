use sha2::{Digest as _, Sha256};

/// A hash of a leaf, of a node or of a whole tree.
pub(crate) type Hash = [u8; 32];

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// RFC 6962 §2.1.
pub(crate) fn leaf_hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new_with_prefix([0]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// RFC 6962 §2.1.
pub(crate) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new_with_prefix([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The roots of the perfect trees that a tree falls into, from the left, one per one in its size's binary number.
#[derive(Debug, Default)]
pub(crate) struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// RFC 6962 §2.1: the empty tree's root is the hash of nothing.
    pub(crate) fn root(&self) -> Hash {
        self.roots
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| sha256(&[]))
    }
}

/// The root over hashes that are neighbours on one level.
pub(crate) fn root_over(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for hash in hashes {
        frontier.push(*hash);
    }
    frontier.root()
}

/// Whether a proof leads from a leaf to a root (RFC 9162 §2.1.3.2).
pub(crate) fn is_included(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6962 §2.1 as it is written, with its recursion.
    fn by_the_book(hashes: &[Hash]) -> Hash {
        match hashes {
            [] => sha256(&[]),
            [leaf] => *leaf,
            _ => {
                let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
                node_hash(&by_the_book(left), &by_the_book(right))
            }
        }
    }

    fn prove(index: usize, hashes: &[Hash]) -> Vec<Hash> {
        if hashes.len() <= 1 {
            return Vec::new();
        }
        let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
        let (mut proof, sibling) = if index < left.len() {
            (prove(index, left), by_the_book(right))
        } else {
            (prove(index - left.len(), right), by_the_book(left))
        };
        proof.push(sibling);
        proof
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count)
            .map(|index| leaf_hash(&[&index.to_be_bytes()]))
            .collect()
    }

    proptest! {
        #[test]
        fn roots_and_proofs_are_those_of_the_recursive_definition(count in 1_usize..400, at in any::<prop::sample::Index>()) {
            let hashes = leaves(count);
            let root = by_the_book(&hashes);
            prop_assert_eq!(root_over(&hashes), root);
            let index = at.index(count);
            let mut proof = prove(index, &hashes);
            let (position, size) = (index as u64, count as u64);
            prop_assert!(is_included(hashes[index], position, size, &proof, &root));
            prop_assert!(!is_included(hashes[index], size, size, &proof, &root));
            prop_assert!(!is_included([7; 32], position, size, &proof, &root));
            proof.push([0; 32]);
            prop_assert!(!is_included(hashes[index], position, size, &proof, &root));
        }
    }
}
