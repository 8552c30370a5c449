use std::collections::{HashMap, VecDeque};

/// Where recently logged entries stand, by their deduplication key; bounded, the oldest go first.
#[derive(Debug)]
pub(crate) struct Recent {
    places: HashMap<[u8; 32], Known>,
    order: VecDeque<[u8; 32]>,
    limit: usize,
}

/// Where a recent entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) index: u64,
    pub(crate) time_millis: u64,
}

impl Recent {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            places: HashMap::new(),
            order: VecDeque::new(),
            limit,
        }
    }

    /// Remembers an entry, unless its key is known: the first one is the original.
    pub(crate) fn insert(&mut self, key: [u8; 32], known: Known) {
        if self.limit == 0 || self.places.contains_key(&key) {
            return;
        }
        if self.order.len() == self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.places.remove(&oldest);
        }
        self.order.push_back(key);
        self.places.insert(key, known);
    }

    pub(crate) fn find(&self, key: &[u8; 32]) -> Option<Known> {
        self.places.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_latest_and_the_first_of_equal_ones() {
        let known = |index| Known {
            index,
            time_millis: 0,
        };
        let mut recent = Recent::new(2);
        for (key, index) in [(1, 0), (1, 1), (2, 2), (3, 3)] {
            recent.insert([key; 32], known(index));
        }
        assert_eq!(recent.find(&[1; 32]), None);
        assert_eq!(recent.find(&[2; 32]), Some(known(2)));
        assert_eq!(recent.find(&[3; 32]), Some(known(3)));
        let mut none = Recent::new(0);
        none.insert([1; 32], known(0));
        assert_eq!(none.find(&[1; 32]), None);
    }
}
