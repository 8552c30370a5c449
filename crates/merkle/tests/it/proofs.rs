//! Proofs of inclusion and of consistency.

use proptest::prelude::*;
use sigstead_merkle::{
    ConsistencyProof, Error, InclusionProof, LeafHash, LeafIndex, NodeHash, ProveError, RootHash,
    prove_consistency, prove_inclusion, root_of,
};

use crate::tree::{NaiveTree, path};

fn inclusion(tree: &NaiveTree, leaf: u64, size: u64) -> InclusionProof {
    prove_inclusion(tree, LeafIndex::new(leaf), size).unwrap()
}

// The eight leaves of certificate-transparency's reference tests, with the roots of each prefix.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn unhex(text: &str) -> Vec<u8> {
    let digit = |i: usize| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn reference_tree() -> NaiveTree {
    NaiveTree::of(&LEAVES.map(unhex))
}

#[test]
fn computes_the_roots_of_the_reference_implementation() {
    let tree = reference_tree();
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(root_of(&tree, size).unwrap().to_string(), root, "{size}");
    }
    assert_eq!(root_of(&tree, 0).unwrap(), RootHash::of_empty());
}

#[test]
fn proves_each_leaf_of_each_small_tree() {
    let tree = NaiveTree::with_size(70);
    for size in 1..=70 {
        for leaf in 0..size {
            let proof = inclusion(&tree, leaf, size);
            assert_eq!(proof.hashes, path(leaf as usize, &tree.0[..size as usize]));
            let hash = &tree.0[leaf as usize];
            proof.verify(hash, &tree.root(size)).unwrap();
        }
    }
}

#[test]
fn proves_each_prefix_of_each_small_tree() {
    let tree = NaiveTree::with_size(70);
    for second in 0..=70 {
        for first in 0..=second {
            let proof = prove_consistency(&tree, first, second).unwrap();
            proof.verify(&tree.root(first), &tree.root(second)).unwrap();
        }
    }
}

#[test]
fn makes_no_proof_that_cannot_hold() {
    let tree = NaiveTree::with_size(4);
    let outside = Error::LeafOutOfRange {
        leaf_index: LeafIndex::new(4),
        tree_size: 4,
    };
    let refused = prove_inclusion(&tree, LeafIndex::new(4), 4);
    assert_eq!(refused, Err(ProveError::Impossible(outside)));
    assert!(prove_consistency(&tree, 4, 3).is_err());
}

#[test]
fn refuses_a_proof_outside_of_its_tree() {
    let tree = reference_tree();
    let mut proof = inclusion(&tree, 2, 5);
    proof.leaf_index = LeafIndex::new(5);
    let refused = proof.verify(&tree.0[2], &tree.root(5));
    assert!(matches!(refused, Err(Error::LeafOutOfRange { .. })));
    let backwards = ConsistencyProof {
        first_size: 3,
        second_size: 2,
        hashes: Vec::new(),
    };
    let refused = backwards.verify(&tree.root(3), &tree.root(2));
    assert!(matches!(refused, Err(Error::SizesReversed { .. })));
}

#[test]
fn refuses_the_trivial_proof_for_other_roots() {
    let tree = reference_tree();
    let proof = |first_size, second_size| ConsistencyProof {
        first_size,
        second_size,
        hashes: Vec::new(),
    };
    let (two, three) = (tree.root(2), tree.root(3));
    assert_eq!(proof(2, 2).verify(&two, &three), Err(Error::RootMismatch));
    assert_eq!(proof(0, 2).verify(&two, &two), Err(Error::RootMismatch));
    assert_eq!(proof(2, 3).verify(&two, &three), Err(Error::ProofLength(0)));
    let mut long = proof(2, 2);
    long.hashes.push(tree.0[0].into());
    assert_eq!(long.verify(&two, &two), Err(Error::ProofLength(1)));
}

#[test]
fn survives_the_largest_sizes() {
    let hash = NodeHash::from_bytes([1; 32]);
    for count in [0, 1, 63, 64, 65, 200] {
        let inclusion = InclusionProof {
            leaf_index: LeafIndex::new(u64::MAX - 1),
            tree_size: u64::MAX,
            hashes: vec![hash; count],
        };
        let root = RootHash::of_empty();
        assert!(inclusion.verify(&LeafHash::of(b""), &root).is_err());
        for first_size in [1, 1 << 63, u64::MAX - 1] {
            let consistency = ConsistencyProof {
                first_size,
                second_size: u64::MAX,
                hashes: vec![hash; count],
            };
            assert!(consistency.verify(&root, &root).is_err());
        }
    }
}

proptest! {
    #[test]
    fn any_leaf_of_a_random_tree_is_proven(size in 1_u64..600, seed: u64) {
        let tree = NaiveTree::with_size(size);
        let leaf = seed % size;
        let proof = inclusion(&tree, leaf, size);
        prop_assert_eq!(proof.verify(&tree.0[leaf as usize], &tree.root(size)), Ok(()));
    }

    #[test]
    fn any_prefix_of_a_random_tree_is_proven(second in 0_u64..600, seed: u64) {
        let tree = NaiveTree::with_size(second);
        let first = seed % (second + 1);
        let proof = prove_consistency(&tree, first, second).unwrap();
        prop_assert_eq!(proof.verify(&tree.root(first), &tree.root(second)), Ok(()));
    }

    #[test]
    fn a_changed_inclusion_proof_is_refused(
        size in 2_u64..300, seed: u64, position: usize, bit in 0_usize..256,
    ) {
        let tree = NaiveTree::with_size(size);
        let leaf = seed % size;
        let (hash, root) = (tree.0[leaf as usize], tree.root(size));
        let good = inclusion(&tree, leaf, size);

        let mut flipped = good.clone();
        let position = position % flipped.hashes.len();
        let mut bytes = *flipped.hashes[position].as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        flipped.hashes[position] = NodeHash::from_bytes(bytes);
        prop_assert!(flipped.verify(&hash, &root).is_err());

        let mut short = good.clone();
        short.hashes.remove(position);
        prop_assert!(short.verify(&hash, &root).is_err());

        let mut long = good.clone();
        long.hashes.push(good.hashes[position]);
        prop_assert!(long.verify(&hash, &root).is_err());

        let mut moved = good;
        moved.leaf_index = LeafIndex::new((leaf + 1) % size);
        prop_assert!(moved.verify(&hash, &root).is_err());
    }

    #[test]
    fn a_changed_consistency_proof_is_refused(
        second in 3_u64..300, seed: u64, position: usize, bit in 0_usize..256,
    ) {
        let tree = NaiveTree::with_size(second);
        let first = 1 + seed % (second - 1);
        let (old, new) = (tree.root(first), tree.root(second));
        let good = prove_consistency(&tree, first, second).unwrap();
        let position = position % good.hashes.len();

        let mut flipped = good.clone();
        let mut bytes = *flipped.hashes[position].as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        flipped.hashes[position] = NodeHash::from_bytes(bytes);
        prop_assert!(flipped.verify(&old, &new).is_err());

        let mut short = good.clone();
        short.hashes.remove(position);
        prop_assert!(short.verify(&old, &new).is_err());

        let mut long = good;
        long.hashes.push(old.as_bytes().as_slice().try_into().unwrap());
        prop_assert!(long.verify(&old, &new).is_err());
    }
}
