use std::ops::Range;
use std::sync::Arc;

use sigstead_journal::{Round, RoundEntry};
use sigstead_merkle::{LeafHash, LeafIndex, prove_inclusion};
use tokio::sync::oneshot;
use tracing::Span;

use crate::entry::{PendingEntry, RecordedEntry};
use crate::error::Error;
use crate::head::published::PublishedHead;
use crate::included::Included;
use crate::known::Known;
use crate::queue::submission::Outcome;
use crate::tree::edge::Edge;

/// Where an entry stands, and the time that it was sealed with if its leaf tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) index: u64,
    pub(crate) time_millis: u64,
}

/// The entries of a round before it is committed, and who waits for them.
pub(crate) struct Draft {
    pub(crate) time_millis: u64,
    pub(crate) entries: Vec<RoundEntry>,
    pub(crate) keys: Vec<([u8; 32], u64)>,
    pub(crate) waiters: Vec<Waiter>,
    /// In whose trace witnesses are asked: a round is one for all its entries, and a call has one parent.
    pub(crate) span: Span,
}

/// Who waits for the answer to a submission, and what it will be.
pub(crate) struct Waiter {
    pub(crate) answer: oneshot::Sender<Result<Outcome, Error>>,
    pub(crate) place: Placed,
    pub(crate) leaf_hash: LeafHash,
    pub(crate) entry: RecordedEntry,
    /// What was submitted, when it repeats an entry of an earlier round.
    pub(crate) repeats: Option<Box<dyn PendingEntry>>,
    pub(crate) is_duplicate: bool,
}

impl Draft {
    /// A round that only renews the checkpoint.
    pub(crate) fn empty(time_millis: u64) -> Self {
        Self {
            time_millis,
            entries: Vec::new(),
            keys: Vec::new(),
            waiters: Vec::new(),
            span: Span::none(),
        }
    }

    /// An upper bound, as the journal counts bytes.
    pub(crate) fn encoded_bytes(&self) -> usize {
        let entries = self.entries.iter().map(RoundEntry::encoded_bytes);
        ROUND_BYTES + entries.sum::<usize>()
    }

    /// The round for the journal; the entries move into it.
    pub(crate) fn take_round(&mut self, published: &PublishedHead, first: u64) -> Round {
        Round {
            first,
            head: published.head,
            time_millis: published.time_millis,
            checkpoint: published.note.clone(),
            entries: std::mem::take(&mut self.entries),
        }
    }

    /// Makes the round's entries known to later submissions of the same; only after the commit.
    pub(crate) fn remember(&self, known: &Known, entries: Range<u64>) {
        known.extend(entries, &self.keys);
    }

    /// Wakes everyone with index, proof and checkpoint; `unproven` is for those whose proof cannot be made.
    ///
    /// The edge is the one that was locked before the head was published, so that nothing of this round has left it.
    pub(crate) fn answer(
        self,
        published: &Arc<PublishedHead>,
        edge: &Edge,
        unproven: impl Fn() -> Error,
    ) {
        let size = published.head.size;
        for waiter in self.waiters {
            let leaf_index = LeafIndex::new(waiter.place.index);
            let answer = match (prove_inclusion(edge, leaf_index, size), waiter.repeats) {
                (Ok(proof), _) => Ok(Outcome::Included(Included {
                    leaf_index,
                    time_millis: waiter.place.time_millis,
                    proof,
                    checkpoint: Arc::clone(published),
                    is_duplicate: waiter.is_duplicate,
                    leaf_hash: waiter.leaf_hash,
                    entry: waiter.entry,
                })),
                // The original went to cold storage in the meantime.
                (Err(_), Some(entry)) => Ok(Outcome::ComparesElsewhere(entry)),
                (Err(_), None) => Err(unproven()),
            };
            // Nobody may be waiting any more.
            let _ = waiter.answer.send(answer);
        }
    }

    /// Answers an error to everyone.
    pub(crate) fn refuse(self, error: impl Fn() -> Error) {
        for waiter in self.waiters {
            let _ = waiter.answer.send(Err(error()));
        }
    }
}

/// What a round holds besides its entries, above all the checkpoint.
const ROUND_BYTES: usize = 16 * 1024;
