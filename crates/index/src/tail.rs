use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

use crate::Key;

/// Postings that are not yet in a run.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Most keys have one position, and most questions are for the first one.
    first: HashMap<Key, u64, Spread>,
    /// Of keys that have several: the others, in order.
    more: HashMap<Key, Vec<u64>, Spread>,
    postings: usize,
    covers: Range<u64>,
}

impl Tail {
    /// One that has room for so many keys, so that adding them does not have to make it.
    pub(crate) fn starting_at(position: u64, room: usize) -> Self {
        let spread = Spread::random();
        Self {
            first: HashMap::with_capacity_and_hasher(room.min(MOST_ROOM), spread),
            more: HashMap::with_hasher(spread),
            postings: 0,
            covers: position..position,
        }
    }

    /// Has it start where it is known to only now.
    pub(crate) fn begin(&mut self, position: u64) {
        self.covers = position..position;
    }

    pub(crate) fn extend(&mut self, covered: u64, postings: &[(Key, u64)]) {
        self.covers.end = covered;
        for (key, position) in postings {
            self.postings += usize::from(self.insert(*key, *position));
        }
    }

    /// Tells whether it was not there.
    fn insert(&mut self, key: Key, position: u64) -> bool {
        let first = match self.first.entry(key) {
            Entry::Vacant(place) => {
                place.insert(position);
                return true;
            }
            Entry::Occupied(place) => place.into_mut(),
        };
        if *first == position {
            return false;
        }
        let other = position.max(*first);
        *first = position.min(*first);
        let more = self.more.entry(key).or_default();
        let place = more.binary_search(&other);
        if let Err(at) = place {
            more.insert(at, other);
        }
        place.is_err()
    }

    pub(crate) fn covers(&self) -> Range<u64> {
        self.covers.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.postings
    }

    pub(crate) fn first(&self, key: &Key) -> Option<u64> {
        self.first.get(key).copied()
    }

    /// The positions of a key, in order.
    pub(crate) fn positions(&self, key: &Key) -> impl Iterator<Item = u64> {
        let first = self.first(key);
        // A key without a first position has no others.
        let more = first.and_then(|_| self.more.get(key));
        first.into_iter().chain(more.into_iter().flatten().copied())
    }

    /// All of them in order of key and position, as they stand in a run.
    pub(crate) fn sorted(&self) -> Vec<(Key, u64)> {
        let mut postings = Vec::with_capacity(self.postings);
        postings.extend(self.first.iter().map(|(key, position)| (*key, *position)));
        for (key, more) in &self.more {
            postings.extend(more.iter().map(|position| (*key, *position)));
        }
        postings.sort_unstable();
        postings
    }
}

/// Keys are hashes already, but whoever logs entries can choose among many; the factor, which nobody knows, keeps them
/// from choosing keys that fall into one place.
#[derive(Debug, Clone, Copy)]
struct Spread {
    factor: u64,
}

impl Spread {
    fn random() -> Self {
        let seed = RandomState::new().hash_one(());
        Self { factor: seed | 1 }
    }
}

impl BuildHasher for Spread {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher {
            factor: self.factor,
            hash: 0,
        }
    }
}

struct KeyHasher {
    factor: u64,
    hash: u64,
}

impl Hasher for KeyHasher {
    fn write_u64(&mut self, part: u64) {
        let product = u128::from(self.hash ^ part) * u128::from(self.factor);
        self.hash = (product ^ (product >> 64)) as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

/// A tail of more takes its memory when it comes to it.
const MOST_ROOM: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::key::KEY_BYTES;

    proptest! {
        #[test]
        fn holds_what_a_sorted_set_would(
            postings in prop::collection::vec((0..8_u8, 0..60_u64), 0..200),
        ) {
            let key = |number| Key::new([number; KEY_BYTES]);
            let postings = postings.into_iter().map(|(number, at)| (key(number), at));
            let postings: Vec<_> = postings.collect();
            let set: BTreeSet<_> = postings.iter().copied().collect();
            let mut tail = Tail::starting_at(0, 8);
            for some in postings.chunks(7) {
                tail.extend(60, some);
            }
            prop_assert_eq!(tail.len(), set.len());
            prop_assert_eq!(tail.sorted(), set.iter().copied().collect::<Vec<_>>());
            for key in (0..9).map(key) {
                let of_key: Vec<_> = set.range((key, 0)..=(key, u64::MAX)).map(|(_, at)| *at).collect();
                prop_assert_eq!(tail.first(&key), of_key.first().copied());
                prop_assert_eq!(tail.positions(&key).collect::<Vec<_>>(), of_key);
            }
        }
    }
}
