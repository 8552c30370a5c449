use std::collections::{BTreeSet, HashSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use crate::defect::Findings;
use crate::entry::Leaf;
use crate::inputs::Acked;
use crate::tree::{Hash, sha256};
use crate::{Defect, Error, Face, Log, Source, canonical, shape};

/// What is to be known of each leaf, and of all together.
pub(crate) struct Leaves<'a> {
    log: &'a Log,
    /// By index; what the tree has passed is gone.
    acked: Peekable<IntoIter<Acked>>,
    /// Eight bytes of each hash: a log of ten million entries has two equal by chance once in 300,000 checks.
    seen: HashSet<u64>,
    issuers: BTreeSet<Hash>,
    /// When the youngest leaf so far was logged, in milliseconds.
    pub(crate) youngest: u64,
}

/// A leaf that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    pub(crate) hash: Hash,
    time: Option<u64>,
}

impl Read {
    /// A leaf of which only the hash is there.
    pub(crate) const fn bare(hash: Hash) -> Self {
        Self { hash, time: None }
    }
}

impl<'a> Leaves<'a> {
    pub(crate) fn new(log: &'a Log, acked: Vec<Acked>) -> Self {
        Self {
            log,
            acked: acked.into_iter().peekable(),
            seen: HashSet::new(),
            issuers: BTreeSet::new(),
            youngest: 0,
        }
    }

    /// Looks at a leaf by itself.
    pub(crate) fn inspect(&mut self, at: u64, leaf: &Leaf<'_>, findings: &mut Findings) -> Read {
        let hash = leaf.hash();
        let time = match *leaf {
            Leaf::Body(body) => {
                self.body(at, body, findings);
                None
            }
            Leaf::Certificate {
                time,
                index,
                issuers,
                ..
            } => {
                if index != Some(at) {
                    let said = index.map_or_else(|| "none".to_owned(), |index| index.to_string());
                    findings.add(
                        Defect::LeafIndex,
                        format!("leaf {at} says the index {said}"),
                    );
                }
                self.issuers.extend(issuers.as_chunks::<32>().0);
                Some(time)
            }
        };
        Read { hash, time }
    }

    fn body(&self, at: u64, body: &[u8], findings: &mut Findings) {
        if let Err(reason) = canonical::check(body) {
            findings.add(Defect::NonCanonicalBody, format!("leaf {at}: {reason}"));
        } else if let Err(reason) = shape::check(self.log.face, body) {
            findings.add(Defect::WrongEntryShape, format!("leaf {at}: {reason}"));
        }
    }

    /// Compares a leaf with the others and with what was acknowledged.
    pub(crate) fn pass(&mut self, at: u64, leaf: &Read, findings: &mut Findings) {
        let short = leaf.hash.first_chunk().copied().map(u64::from_be_bytes);
        if self.log.face != Face::StaticCt && !self.seen.insert(short.unwrap_or_default()) {
            let sentence = format!(
                "leaf {at}, {}, stands in the log already",
                hex::encode(leaf.hash)
            );
            findings.add(Defect::DuplicateLeaf, sentence);
        }
        self.youngest = self.youngest.max(leaf.time.unwrap_or_default());
        while let Some(acked) = self.acked.next_if(|acked| acked.index <= at) {
            self.youngest = self.youngest.max(acked.time.unwrap_or_default());
            if acked.hash != leaf.hash {
                let sentence = format!(
                    "leaf {at} is not what line {} of the ledger says",
                    acked.line
                );
                findings.add(Defect::AckedLeafMismatch, sentence);
            }
        }
    }

    /// What was acknowledged beyond the end of the tree.
    pub(crate) fn refuse_rest(&mut self, size: u64, findings: &mut Findings) {
        for acked in self.acked.by_ref().filter(|acked| acked.index >= size) {
            let sentence = format!(
                "index {} of line {} of the ledger, of {size}",
                acked.index, acked.line
            );
            findings.add(Defect::AckedBeyondSize, sentence);
        }
    }

    /// C2SP static-ct-api: each certificate of a chain is published by its fingerprint.
    pub(crate) async fn issuers(
        &self,
        source: &dyn Source,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        for issuer in &self.issuers {
            let path = format!("issuer/{}", hex::encode(issuer));
            match source.get(&path).await? {
                None => findings.add(Defect::MissingIssuer, format!("{path} is absent")),
                Some(bytes) if sha256(&bytes) != *issuer => {
                    findings.add(
                        Defect::IssuerMismatch,
                        format!("{path} is another certificate"),
                    );
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
