//! Proofs that subtrees are parts of trees.

use proptest::prelude::*;
use sigstead_merkle::{
    Error, NodeHash, ProveError, Subtree, SubtreeProof, hash_of, prove_consistency,
    prove_inclusion, prove_subtree,
};

use crate::tree::{self, NaiveTree, middle_of};

/// `SUBTREE_SUBPROOF` of the draft, word by word.
fn subproof(
    start: usize,
    end: usize,
    tree: &NaiveTree,
    within: (usize, usize),
    known: bool,
) -> Vec<NodeHash> {
    let (low, high) = within;
    let hash = |from: usize, to: usize| tree::subtree(&tree.0[from..to]);
    if (start, end) == within {
        return if known {
            Vec::new()
        } else {
            vec![hash(low, high)]
        };
    }
    let middle = low + middle_of(high - low);
    if end <= middle {
        let mut hashes = subproof(start, end, tree, (low, middle), known);
        hashes.push(hash(middle, high));
        hashes
    } else {
        let is_cut = start < middle;
        let mut hashes = subproof(
            start.max(middle),
            end,
            tree,
            (middle, high),
            known && !is_cut,
        );
        hashes.push(hash(low, middle));
        hashes
    }
}

fn subtrees(size: u64) -> impl Iterator<Item = Subtree> {
    let ends = move |start| (start + 1..=size).map(move |end| (start, end));
    let ranges = (0..size).flat_map(ends);
    ranges.filter_map(|(start, end)| Subtree::new(start, end).ok())
}

#[test]
fn proves_each_subtree_of_each_small_tree() {
    let tree = NaiveTree::with_size(40);
    for size in 1..=40 {
        for subtree in subtrees(size) {
            let proof = prove_subtree(&tree, subtree, size).unwrap();
            let (start, end) = (subtree.start() as usize, subtree.end() as usize);
            let expected = subproof(start, end, &tree, (0, size as usize), true);
            assert_eq!(proof.hashes, expected, "{subtree:?} in {size}");
            let hash = hash_of(&tree, subtree).unwrap();
            assert_eq!(hash, tree::subtree(&tree.0[start..end]));
            proof.verify(&hash, &tree.root(size)).unwrap();
        }
    }
}

#[test]
fn one_that_begins_with_the_tree_is_a_proof_of_consistency_and_one_leaf_one_of_inclusion() {
    let tree = NaiveTree::with_size(37);
    for end in 1..=37 {
        let subtree = prove_subtree(&tree, Subtree::new(0, end).unwrap(), 37).unwrap();
        let prefix = prove_consistency(&tree, end, 37).unwrap();
        assert_eq!(subtree.hashes, prefix.hashes, "{end}");
        let leaf = prove_subtree(&tree, Subtree::new(end - 1, end).unwrap(), 37).unwrap();
        let inclusion =
            prove_inclusion(&tree, sigstead_merkle::LeafIndex::new(end - 1), 37).unwrap();
        assert_eq!(leaf.hashes, inclusion.hashes, "{end}");
    }
}

#[test]
fn a_subtree_begins_where_it_has_room() {
    let good = [
        (0, 1),
        (0, 3),
        (4, 8),
        (4, 7),
        (256, 512),
        (256, 300),
        (0, u64::MAX),
    ];
    for (start, end) in good {
        assert!(Subtree::new(start, end).is_ok(), "{start} {end}");
    }
    let bad = [
        (0, 0),
        (3, 3),
        (4, 3),
        (1, 3),
        (2, 5),
        (4, 9),
        (128, 300),
        (1, u64::MAX),
    ];
    for (start, end) in bad {
        assert_eq!(
            Subtree::new(start, end),
            Err(Error::NoSubtree { start, end })
        );
    }
}

#[test]
fn makes_and_takes_no_proof_behind_the_tree() {
    let tree = NaiveTree::with_size(8);
    let subtree = Subtree::new(4, 8).unwrap();
    let backwards = Error::SizesReversed {
        first_size: 8,
        second_size: 7,
    };
    let refused = prove_subtree(&tree, subtree, 7).unwrap_err();
    assert_eq!(refused, ProveError::Impossible(backwards.clone()));
    let proof = SubtreeProof {
        subtree,
        tree_size: 7,
        hashes: Vec::new(),
    };
    let refused = proof.verify(&NodeHash::from_bytes([0; 32]), &tree.root(7));
    assert_eq!(refused, Err(backwards));
}

#[test]
fn survives_the_largest_sizes() {
    let hash = NodeHash::from_bytes([1; 32]);
    for count in [0, 1, 63, 64, 200] {
        for (start, end) in [
            (0, u64::MAX - 1),
            (0, 1 << 63),
            (1 << 63, u64::MAX),
            (u64::MAX - 1, u64::MAX),
        ] {
            let proof = SubtreeProof {
                subtree: Subtree::new(start, end).unwrap(),
                tree_size: u64::MAX,
                hashes: vec![hash; count],
            };
            assert!(proof.verify(&hash, &hash.into()).is_err());
        }
    }
}

proptest! {
    #[test]
    fn a_changed_proof_or_another_subtree_is_refused(size in 2_u64..300, seed: usize, position: usize, bit in 0_usize..256) {
        let tree = NaiveTree::with_size(size);
        let all: Vec<_> = subtrees(size).collect();
        let subtree = all[seed % all.len()];
        let (hash, root) = (hash_of(&tree, subtree).unwrap(), tree.root(size));
        let good = prove_subtree(&tree, subtree, size).unwrap();
        prop_assert!(good.verify(&hash, &root).is_ok());
        let flip = |hash: &NodeHash| {
            let mut bytes = *hash.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            NodeHash::from_bytes(bytes)
        };
        prop_assert!(good.verify(&flip(&hash), &root).is_err());
        let mut long = good.clone();
        long.hashes.push(hash);
        prop_assert!(long.verify(&hash, &root).is_err());
        if let Some(count) = std::num::NonZero::new(good.hashes.len()) {
            let mut flipped = good.clone();
            let position = position % count;
            flipped.hashes[position] = flip(&flipped.hashes[position]);
            prop_assert!(flipped.verify(&hash, &root).is_err());
            let mut short = good;
            short.hashes.pop();
            prop_assert!(short.verify(&hash, &root).is_err());
        }
    }
}
