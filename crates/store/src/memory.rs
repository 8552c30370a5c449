use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{Batch, Error, Pair, Store};

/// When an injected fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is applied, the caller sees an error.
    Before,
    /// The batch is applied, the caller sees an error all the same.
    After,
}

/// State in memory, for tests and trials; clones share their content.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    faults: VecDeque<(Vec<u8>, Fault)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plans one fault for the next batch that writes a key with this prefix; plans are used in order.
    pub fn fail_next_commit(&self, prefix: &[u8], fault: Fault) {
        self.lock().faults.push_back((prefix.to_vec(), fault));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn planned(&mut self, batch: &Batch) -> Option<Fault> {
        let strikes = |prefix: &[u8]| batch.writes.iter().any(|(key, _)| key.starts_with(prefix));
        let position = self.faults.iter().position(|(prefix, _)| strikes(prefix))?;
        self.faults.remove(position).map(|(_, fault)| fault)
    }

    fn check(&self, batch: &Batch) -> Result<(), Error> {
        for (key, expect) in &batch.requirements {
            if !expect.holds(self.values.get(key).map(Vec::as_slice)) {
                return Err(Error::Conflict { key: key.clone() });
            }
        }
        Ok(())
    }

    fn apply(&mut self, batch: Batch) {
        for (key, value) in batch.writes {
            match value {
                Some(value) => self.values.insert(key, value),
                None => self.values.remove(&key),
            };
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.lock().values.get(key).cloned())
    }

    async fn list(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, Error> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let inner = self.lock();
        let pairs = inner.values.range::<[u8], _>((start, Bound::Unbounded));
        let matching = pairs.take_while(|(key, _)| key.starts_with(prefix));
        Ok(matching
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), Error> {
        batch.check_sizes()?;
        let mut inner = self.lock();
        inner.check(&batch)?;
        match inner.planned(&batch) {
            Some(Fault::Before) => Err(injected()),
            Some(Fault::After) => {
                inner.apply(batch);
                Err(injected())
            }
            None => {
                inner.apply(batch);
                Ok(())
            }
        }
    }
}

fn injected() -> Error {
    Error::Io {
        action: "commit a batch",
        source: io::Error::other("injected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::run(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn a_fault_before_changes_nothing_and_a_fault_after_applies() {
        let store = MemoryStore::new();
        store.fail_next_commit(b"a/", Fault::Before);
        store.fail_next_commit(b"a/", Fault::After);
        store.commit(Batch::new().put("b/1", "x")).await.unwrap();
        assert!(store.commit(Batch::new().put("a/1", "x")).await.is_err());
        assert_eq!(store.get(b"a/1").await.unwrap(), None);
        assert!(store.commit(Batch::new().put("a/1", "x")).await.is_err());
        assert_eq!(store.get(b"a/1").await.unwrap(), Some(b"x".to_vec()));
    }
}
