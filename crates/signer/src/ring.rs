//! Keys of one role that follow one another.

use time::OffsetDateTime;

/// The keys of a role, each with the time from which on it signs. There is always one that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing<K> {
    first: RingKey<K>,
    /// In the order in which they begin.
    successors: Vec<RingKey<K>>,
}

/// A key of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingKey<K> {
    /// From when on it signs; the configured key has no such time.
    pub from: Option<OffsetDateTime>,
    /// The key, or what opens it.
    pub key: K,
}

impl<K> KeyRing<K> {
    /// A ring of the key that signs first.
    pub const fn new(first: RingKey<K>) -> Self {
        Self {
            first,
            successors: Vec::new(),
        }
    }

    /// The ring with a key that takes over from the last one.
    #[must_use]
    pub fn followed_by(mut self, next: RingKey<K>) -> Self {
        self.successors.push(next);
        self
    }

    /// The key that signs first, and those that take over from it.
    pub fn split(&self) -> (&RingKey<K>, &[RingKey<K>]) {
        (&self.first, &self.successors)
    }

    /// All keys, in the order in which they sign.
    pub fn keys(&self) -> impl Iterator<Item = &RingKey<K>> {
        std::iter::once(&self.first).chain(&self.successors)
    }

    /// The key that signs at `now`.
    pub fn at(&self, now: OffsetDateTime) -> &RingKey<K> {
        self.since(now).next().unwrap_or(&self.first)
    }

    /// The key that signs at `time`, and all that take over from it.
    pub fn since(&self, time: OffsetDateTime) -> impl Iterator<Item = &RingKey<K>> {
        let begun = |key: &&RingKey<K>| key.from.is_some_and(|from| from <= time);
        let over = self.successors.iter().take_while(begun).count();
        self.keys().skip(over)
    }

    /// The ring without the keys that another took over from before `time`.
    #[must_use]
    pub fn kept_since(self, time: OffsetDateTime) -> Self {
        let begun = |key: &RingKey<K>| key.from.is_some_and(|from| from <= time);
        let (mut first, mut successors) = (self.first, Vec::new());
        for key in self.successors {
            match begun(&key) {
                true => first = key,
                false => successors.push(key),
            }
        }
        Self { first, successors }
    }

    /// The key that signs last.
    pub fn last(&self) -> &RingKey<K> {
        self.successors.last().unwrap_or(&self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing<char> {
        let key = |from: Option<i64>, key| RingKey {
            from: from.map(at),
            key,
        };
        KeyRing::new(key(None, 'a'))
            .followed_by(key(Some(10), 'b'))
            .followed_by(key(Some(20), 'c'))
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn a_key_signs_from_its_second_on_until_the_next_takes_over() {
        let rows = [
            (0, 'a', "abc"),
            (9, 'a', "abc"),
            (10, 'b', "bc"),
            (19, 'b', "bc"),
            (20, 'c', "c"),
            (99, 'c', "c"),
        ];
        for (now, signs, since) in rows {
            let ring = ring();
            assert_eq!(ring.at(at(now)).key, signs, "{now}");
            let all: String = ring.since(at(now)).map(|each| each.key).collect();
            assert_eq!(all, since, "{now}");
            let kept = ring.kept_since(at(now));
            let all: String = kept.keys().map(|each| each.key).collect();
            assert_eq!((all.as_str(), kept.last().key), (since, 'c'), "{now}");
        }
    }
}
