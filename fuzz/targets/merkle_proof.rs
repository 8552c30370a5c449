//! Proofs: what is accepted against the roots of a known tree is the one proof that the tree gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::{Numbers, parts};
use sigstead_merkle::{
    ConsistencyProof, HASH_LENGTH, InclusionProof, LeafHash, LeafIndex, NodeHash, RootHash,
    prove_consistency, prove_inclusion,
};

fuzz_target!(|data: &[u8]| {
    let [numbers, hashes, ..] = parts(data)[..] else {
        return;
    };
    let [Some(first), Some(second)] = [0, 8].map(|at| number(numbers, at)) else {
        return;
    };
    let (hashes, _) = hashes.as_chunks::<HASH_LENGTH>();
    let hashes: Vec<_> = hashes.iter().copied().map(NodeHash::from_bytes).collect();
    check_any(first, second, &hashes);
    check_known(first % LARGEST, second % LARGEST, &hashes);
});

/// Whatever the numbers are, verification ends, and accepts one leaf or root at most.
fn check_any(first: u64, second: u64, hashes: &[NodeHash]) {
    let root = hashes
        .last()
        .map_or_else(RootHash::of_empty, |hash| RootHash::from(*hash));
    let proof = inclusion(first, second, hashes);
    let leaves = [LeafHash::of(b"a"), LeafHash::of(b"b")];
    let accepted = leaves
        .iter()
        .filter(|leaf| proof.verify(leaf, &root).is_ok());
    assert!(accepted.count() < 2);
    let proof = consistency(first, second, hashes);
    let other = RootHash::from_bytes(root.as_bytes().map(|byte| !byte));
    let accepted = [root, other]
        .iter()
        .filter(|second| proof.verify(&root, second).is_ok())
        .count();
    // The empty tree begins every other one, without a proof.
    assert!(accepted < 2 || first == 0);
}

fn check_known(first: u64, second: u64, hashes: &[NodeHash]) {
    let (leaf, root) = (Numbers::leaf(first), Numbers::root(second));
    let claimed = inclusion(first, second, hashes);
    let honest = prove_inclusion(&Numbers, LeafIndex::new(first), second);
    let is_accepted = claimed.verify(&leaf, &root).is_ok();
    assert_eq!(
        is_accepted,
        honest.as_ref().is_ok_and(|honest| *honest == claimed)
    );
    if let Ok(honest) = honest {
        assert_eq!(honest.verify(&leaf, &root), Ok(()));
        assert!(honest.verify(&Numbers::leaf(first + 1), &root).is_err());
    }
    let claimed = consistency(first, second, hashes);
    let honest = prove_consistency(&Numbers, first, second);
    let is_accepted = claimed.verify(&Numbers::root(first), &root).is_ok();
    assert_eq!(
        is_accepted,
        honest.as_ref().is_ok_and(|honest| *honest == claimed)
    );
    if let Ok(honest) = honest {
        assert_eq!(honest.verify(&Numbers::root(first), &root), Ok(()));
    }
}

fn inclusion(leaf: u64, tree_size: u64, hashes: &[NodeHash]) -> InclusionProof {
    let leaf_index = LeafIndex::new(leaf);
    InclusionProof {
        leaf_index,
        tree_size,
        hashes: hashes.to_vec(),
    }
}

fn consistency(first_size: u64, second_size: u64, hashes: &[NodeHash]) -> ConsistencyProof {
    ConsistencyProof {
        first_size,
        second_size,
        hashes: hashes.to_vec(),
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let (number, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u64::from_be_bytes(*number))
}

const LARGEST: u64 = 70;
