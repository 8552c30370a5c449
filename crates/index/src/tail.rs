use std::collections::BTreeMap;
use std::ops::Range;

use crate::Key;

/// Postings that are not yet in a run, in order of key and position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail {
    postings: BTreeMap<(Key, u64), ()>,
    covers: Range<u64>,
}

impl Tail {
    pub(crate) fn starting_at(position: u64) -> Self {
        Self {
            postings: BTreeMap::new(),
            covers: position..position,
        }
    }

    pub(crate) fn extend(&mut self, covered: u64, postings: &[(Key, u64)]) {
        self.covers.end = covered;
        self.postings
            .extend(postings.iter().map(|posting| (*posting, ())));
    }

    /// Takes in what came directly before.
    pub(crate) fn join(&mut self, earlier: &Self) {
        self.covers.start = earlier.covers.start;
        self.postings.extend(&earlier.postings);
    }

    pub(crate) fn covers(&self) -> Range<u64> {
        self.covers.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.postings.len()
    }

    pub(crate) fn positions(&self, key: &Key) -> impl Iterator<Item = u64> {
        let of_key = self.postings.range((*key, 0)..=(*key, u64::MAX));
        of_key.map(|((_, position), ())| *position)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, u64)> {
        self.postings.keys().copied()
    }
}
