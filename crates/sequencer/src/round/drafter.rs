use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use sigstead_journal::RoundEntry;
use sigstead_merkle::{LeafHash, LeafIndex};
use tokio::sync::oneshot;

use crate::entry::{PendingEntry, RecordedEntry, SealedEntry};
use crate::error::Error;
use crate::known::Known;
use crate::leaf_format::LeafFormat;
use crate::queue::submission::{Outcome, Submission};
use crate::round::draft::{Draft, Placed, Waiter};
use crate::tree::Tree;

/// Turns submissions into a draft: judges which of them are new, seals those, and notes who waits for what.
pub(crate) struct Drafter<'a> {
    tree: &'a Tree,
    known: &'a Known,
    format: &'a dyn LeafFormat,
    /// The index of the round's first entry.
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
    /// For a round that follows the tree of `first` entries and is sealed with one time.
    pub(crate) fn new(
        tree: &'a Tree,
        known: &'a Known,
        format: &'a dyn LeafFormat,
        first: u64,
        time_millis: u64,
    ) -> Self {
        Self {
            tree,
            known,
            format,
            first,
            draft: Draft::empty(time_millis),
            in_round: HashMap::new(),
        }
    }

    pub(crate) fn draft(mut self, submissions: VecDeque<Submission>) -> Draft {
        self.in_round.reserve(submissions.len());
        self.draft.keys.reserve(submissions.len());
        self.draft.entries.reserve(submissions.len());
        self.draft.waiters.reserve(submissions.len());
        if let Some(first) = submissions.front() {
            self.draft.span = first.span.clone();
        }
        for submission in submissions {
            // A caller who has gone away needs no entry.
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
            span: _,
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
        match key.and_then(|key| self.original(key)) {
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
    fn original(&self, key: &[u8; 32]) -> Option<(Placed, Option<RecordedEntry>)> {
        if let Some(position) = self.in_round.get(key) {
            let entry = self.draft.entries.get(*position).map(RecordedEntry::from);
            let index = self.first + *position as u64;
            return Some((
                Placed {
                    index,
                    time_millis: self.draft.time_millis,
                },
                entry,
            ));
        }
        // Its caller has looked among the older ones.
        let index = self.known.find_lately(key)?;
        let entry = self.tree.edge().entry(index).cloned();
        let time_millis = entry
            .as_ref()
            .map_or(0, |entry| self.known.sealed_at(entry));
        Some((Placed { index, time_millis }, entry))
    }

    fn seal(&self, entry: &dyn PendingEntry, index: u64) -> Result<Verdict, Error> {
        let sealed = entry
            .seal(LeafIndex::new(index), self.draft.time_millis)
            .map_err(|source| Error::EntryUnfit { source })?;
        // A leaf that does not hash to what the tree says would make the log unreadable for ever.
        let leaf = self.format.read(&sealed.bundle);
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
        let entry = RecordedEntry::from(&round_entry);
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
