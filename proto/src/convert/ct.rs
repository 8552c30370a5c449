//! `sigstead.ct.v1`: proofs.

use crate::ct::v1::{ConsistencyProof, InclusionProof};

impl From<&sigstead_merkle::InclusionProof> for InclusionProof {
    fn from(proof: &sigstead_merkle::InclusionProof) -> Self {
        Self {
            leaf_index: proof.leaf_index.value(),
            tree_size: proof.tree_size,
            hashes: proof
                .hashes
                .iter()
                .map(|hash| hash.as_bytes().to_vec())
                .collect(),
        }
    }
}

impl From<&sigstead_merkle::ConsistencyProof> for ConsistencyProof {
    fn from(proof: &sigstead_merkle::ConsistencyProof) -> Self {
        Self {
            first_size: proof.first_size,
            second_size: proof.second_size,
            hashes: proof
                .hashes
                .iter()
                .map(|hash| hash.as_bytes().to_vec())
                .collect(),
        }
    }
}
