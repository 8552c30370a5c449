use std::collections::BTreeMap;

use crate::defect::Findings;
use crate::head::Head;
use crate::tree::{Hash, sha256};
use crate::{Defect, Face};

/// How far the clocks of a log and of those who watch it may be apart. A checkpoint that carries its time needs none.
const CLOCKS_APART: u64 = 2_000;

/// Checkpoints that the log signed at some time, to be held against the tree when it is read up to their size.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    by_size: BTreeMap<u64, Vec<Claim>>,
    tolerance: u64,
}

#[derive(Debug)]
struct Claim {
    root: Hash,
    time: Option<u64>,
    whose: String,
}

impl Claims {
    pub(crate) fn new(face: Face) -> Self {
        Self {
            by_size: BTreeMap::new(),
            tolerance: if face == Face::StaticCt {
                0
            } else {
                CLOCKS_APART
            },
        }
    }

    /// Keeps a checkpoint with the earliest time at which it was there. The same one seen again costs nothing.
    pub(crate) fn add(&mut self, head: &Head, time: Option<u64>, whose: &dyn Fn() -> String) {
        let claims = self.by_size.entry(head.size).or_default();
        match claims.iter_mut().find(|claim| claim.root == head.root) {
            Some(known) => known.time = earliest(known.time, time),
            None => claims.push(Claim {
                root: head.root,
                time,
                whose: whose(),
            }),
        }
    }

    pub(crate) fn next_size(&self) -> Option<u64> {
        self.by_size.first_key_value().map(|(size, _)| *size)
    }

    /// Compares all checkpoints of a size with the root that the tree had then, and with its youngest leaf.
    pub(crate) fn settle(
        &mut self,
        size: u64,
        root: &Hash,
        youngest: u64,
        findings: &mut Findings,
    ) {
        for claim in self.by_size.remove(&size).unwrap_or_default() {
            if claim.root != *root {
                findings.add(
                    Defect::InconsistentCheckpoint,
                    format!(
                        "{} of size {size} has the root {}, but the tree had {}",
                        claim.whose,
                        hex::encode(claim.root),
                        hex::encode(root)
                    ),
                );
            }
            if let Some(time) = claim
                .time
                .filter(|time| time.saturating_add(self.tolerance) < youngest)
            {
                findings.add(
                    Defect::CheckpointOlderThanLeaf,
                    format!(
                        "{} of size {size} is of {time}, but covers a leaf of {youngest}",
                        claim.whose
                    ),
                );
            }
        }
    }

    /// What is left when the tree is read whole is greater than the tree.
    pub(crate) fn refuse_rest(self, published: u64, findings: &mut Findings) {
        for (size, claims) in self.by_size {
            for claim in claims {
                findings.add(
                    Defect::SizeGoingBack,
                    format!(
                        "{} has size {size}, the published one {published}",
                        claim.whose
                    ),
                );
            }
        }
    }

    /// Every tree begins as the empty one.
    pub(crate) fn settle_empty(&mut self, findings: &mut Findings) {
        self.settle(0, &sha256(&[]), 0, findings);
    }
}

fn earliest(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
