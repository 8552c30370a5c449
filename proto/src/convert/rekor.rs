//! `dev.sigstore.rekor.v1`: proofs.

use crate::rekor::v1::{Checkpoint, InclusionProof};

impl InclusionProof {
    /// A proof with the checkpoint that it leads to. Sizes and indexes of a real log fit 63 bits.
    #[must_use]
    pub fn of(
        proof: &sigstead_merkle::InclusionProof,
        root: &sigstead_merkle::RootHash,
        checkpoint: &str,
    ) -> Self {
        Self {
            log_index: signed(proof.leaf_index.value()),
            root_hash: root.as_bytes().to_vec(),
            tree_size: signed(proof.tree_size),
            hashes: proof
                .hashes
                .iter()
                .map(|hash| hash.as_bytes().to_vec())
                .collect(),
            checkpoint: Some(Checkpoint {
                envelope: checkpoint.to_owned(),
            }),
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
