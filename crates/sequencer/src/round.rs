use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigstead_journal::{Round, RoundEntry};
use sigstead_merkle::{LeafHash, LeafIndex, prove_inclusion};
use tokio::sync::oneshot;

use crate::edge::Edge;
use crate::queue::{Outcome, Submission};
use crate::shared::Shared;
use crate::{Error, Included, PendingEntry, PublishedHead, RecordedEntry, SealedEntry};

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
    keys: Vec<([u8; 32], u64)>,
    waiters: Vec<Waiter>,
}

struct Waiter {
    answer: oneshot::Sender<Result<Outcome, Error>>,
    place: Placed,
    leaf_hash: LeafHash,
    entry: RecordedEntry,
    /// What was submitted, when it repeats an entry of an earlier round.
    repeats: Option<Box<dyn PendingEntry>>,
    is_duplicate: bool,
}

impl Draft {
    /// A round that only renews the checkpoint.
    pub(crate) fn empty(time_millis: u64) -> Self {
        Self {
            time_millis,
            entries: Vec::new(),
            keys: Vec::new(),
            waiters: Vec::new(),
        }
    }

    /// At most so many, as the journal counts them.
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
    pub(crate) fn remember(&self, shared: &Shared, entries: Range<u64>) {
        shared.known.extend(entries, &self.keys);
    }

    /// Wakes everyone with index, proof and checkpoint.
    ///
    /// The edge is the one that was locked before the head was published, so that nothing of this round has left it.
    pub(crate) fn answer(self, shared: &Shared, edge: &Edge) {
        let published = shared.published();
        for waiter in self.waiters {
            let leaf_index = LeafIndex::new(waiter.place.index);
            let answer = match (
                prove_inclusion(edge, leaf_index, published.head.size),
                waiter.repeats,
            ) {
                (Ok(proof), _) => Ok(Outcome::Included(Included {
                    leaf_index,
                    time_millis: waiter.place.time_millis,
                    proof,
                    checkpoint: Arc::clone(&published),
                    is_duplicate: waiter.is_duplicate,
                    leaf_hash: waiter.leaf_hash,
                    entry: waiter.entry,
                })),
                // The original went to cold storage in the meantime.
                (Err(_), Some(entry)) => Ok(Outcome::ComparesElsewhere(entry)),
                (Err(_), None) => Err(shared.read_only()),
            };
            // Nobody may be waiting any more.
            let _ = waiter.answer.send(answer);
        }
    }

    pub(crate) fn refuse(self, error: impl Fn() -> Error) {
        for waiter in self.waiters {
            let _ = waiter.answer.send(Err(error()));
        }
    }
}

/// Turns submissions into a draft.
pub(crate) struct Drafter<'a> {
    shared: &'a Shared,
    first: u64,
    draft: Draft,
    /// The entries of this very round, by their keys.
    in_round: HashMap<[u8; 32], usize>,
}

/// What a submission turned out to be.
enum Verdict {
    New(SealedEntry),
    Duplicate(Placed, LeafHash, RecordedEntry),
    Unknown,
}

impl<'a> Drafter<'a> {
    pub(crate) fn new(shared: &'a Shared, time_millis: u64, expected: usize) -> Self {
        let first = shared.size();
        Self {
            shared,
            first,
            draft: Draft::empty(time_millis),
            in_round: HashMap::with_capacity(expected),
        }
    }

    pub(crate) fn draft(mut self, submissions: VecDeque<Submission>) -> Draft {
        self.draft.keys.reserve(submissions.len());
        self.draft.entries.reserve(submissions.len());
        self.draft.waiters.reserve(submissions.len());
        for submission in submissions {
            // Whoever has gone away needs no entry.
            if !submission.answer.is_closed() {
                self.place(submission);
            }
        }
        self.draft
    }

    fn place(&mut self, submission: Submission) {
        let Submission {
            entry: submitted,
            deduplication_key,
            answer,
        } = submission;
        let index = self.first + self.draft.entries.len() as u64;
        match self.judge(&*submitted, deduplication_key.as_ref(), index) {
            Ok(Verdict::New(sealed)) => self.append(sealed, index, deduplication_key, answer),
            Ok(Verdict::Duplicate(place, leaf_hash, entry)) => {
                let is_earlier = place.index < self.first;
                let repeats = is_earlier.then_some(submitted);
                self.draft.waiters.push(Waiter {
                    answer,
                    place,
                    leaf_hash,
                    entry,
                    repeats,
                    is_duplicate: true,
                });
            }
            Ok(Verdict::Unknown) => {
                let _ = answer.send(Ok(Outcome::ComparesElsewhere(submitted)));
            }
            Err(error) => {
                let _ = answer.send(Err(error));
            }
        }
    }

    /// What a submission is that would get this index.
    fn judge(
        &self,
        submitted: &dyn PendingEntry,
        key: Option<&[u8; 32]>,
        index: u64,
    ) -> Result<Verdict, Error> {
        match key.and_then(|key| self.known(key)) {
            None => self.seal(submitted, index),
            Some((_, None)) => Ok(Verdict::Unknown),
            Some((known, Some(stored))) => {
                match submitted.seal(LeafIndex::new(known.index), known.time_millis) {
                    Ok(sealed) if sealed.bundle == stored.bundle => {
                        Ok(Verdict::Duplicate(known, sealed.leaf_hash, stored))
                    }
                    _ => self.seal(submitted, index),
                }
            }
        }
    }

    /// Where an entry of this key stands, and the entry where memory has it.
    fn known(&self, key: &[u8; 32]) -> Option<(Placed, Option<RecordedEntry>)> {
        if let Some(position) = self.in_round.get(key) {
            let entry = self.draft.entries.get(*position).map(recorded);
            let index = self.first + *position as u64;
            return Some((
                Placed {
                    index,
                    time_millis: self.draft.time_millis,
                },
                entry,
            ));
        }
        // Whoever submitted it has looked among the older ones.
        let index = self.shared.known.find_lately(key)?;
        let entry = self.shared.edge().entry(index).cloned();
        let time_millis = entry
            .as_ref()
            .map_or(0, |entry| self.shared.sealed_at(entry));
        Some((Placed { index, time_millis }, entry))
    }

    fn seal(&self, entry: &dyn PendingEntry, index: u64) -> Result<Verdict, Error> {
        let sealed = entry
            .seal(LeafIndex::new(index), self.draft.time_millis)
            .map_err(|source| Error::EntryUnfit { source })?;
        // A leaf that does not hash to what the tree says would make the log unreadable for ever.
        let leaf = self.shared.format.read(&sealed.bundle);
        let leaf = leaf.map_err(|error| Error::EntryUnfit {
            source: error.into(),
        })?;
        if leaf.leaf_hash != sealed.leaf_hash {
            return Err(Error::EntryUnfit {
                source: "the leaf hash is not that of the bundle's bytes".into(),
            });
        }
        Ok(Verdict::New(sealed))
    }

    fn append(
        &mut self,
        sealed: SealedEntry,
        index: u64,
        key: Option<[u8; 32]>,
        answer: oneshot::Sender<Result<Outcome, Error>>,
    ) {
        if let Some(key) = key {
            self.in_round.entry(key).or_insert(self.draft.entries.len());
            self.draft.keys.push((key, index));
        }
        let leaf_hash = sealed.leaf_hash;
        let round_entry = RoundEntry {
            bundle: sealed.bundle,
            leaf_hash,
            side: Bytes::from(sealed.side),
        };
        let entry = recorded(&round_entry);
        let place = Placed {
            index,
            time_millis: self.draft.time_millis,
        };
        self.draft.entries.push(round_entry);
        self.draft.waiters.push(Waiter {
            answer,
            place,
            leaf_hash,
            entry,
            repeats: None,
            is_duplicate: false,
        });
    }
}

/// The parts of an entry that are kept; cheap, because the bytes are shared.
pub(crate) fn recorded(entry: &RoundEntry) -> RecordedEntry {
    RecordedEntry {
        bundle: entry.bundle.clone(),
        side: entry.side.clone(),
    }
}

/// What a round holds besides its entries, above all the checkpoint.
const ROUND_BYTES: usize = 16 * 1024;
