use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{ColdStorage, Error, path};

/// When an injected fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is stored, the caller sees an error.
    Before,
    /// The object is stored, the caller sees an error all the same.
    After,
}

/// Objects in memory, for tests; clones share their content.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    objects: BTreeMap<String, Bytes>,
    faults: VecDeque<(String, Fault)>,
    is_full: bool,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plans one fault for the next `put` whose path starts with `prefix`; plans are used in order.
    pub fn fail_next_put(&self, prefix: &str, fault: Fault) {
        self.lock().faults.push_back((prefix.to_owned(), fault));
    }

    /// Lets every `put` fail for want of room, or succeed again.
    pub fn set_full(&self, is_full: bool) {
        self.lock().is_full = is_full;
    }

    /// Replaces an object whatever is stored, as a damaged medium would.
    pub fn damage(&self, path: &str, bytes: Bytes) {
        self.lock().objects.insert(path.to_owned(), bytes);
    }

    /// Removes an object, as an incomplete restore would.
    pub fn remove(&self, path: &str) {
        self.lock().objects.remove(path);
    }

    /// An independent copy of the present content, without planned faults.
    pub fn snapshot(&self) -> Self {
        let objects = self.lock().objects.clone();
        Self {
            inner: Arc::new(Mutex::new(Inner {
                objects,
                ..Inner::default()
            })),
        }
    }

    /// The paths of all objects, sorted.
    pub fn paths(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn planned(&mut self, path: &str) -> Option<Fault> {
        let position = self
            .faults
            .iter()
            .position(|(prefix, _)| path.starts_with(prefix))?;
        self.faults.remove(position).map(|(_, fault)| fault)
    }
}

#[async_trait]
impl ColdStorage for MemoryStorage {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), Error> {
        path::check(path)?;
        let mut inner = self.lock();
        if inner.is_full {
            return Err(Error::io(path, io::ErrorKind::StorageFull.into()));
        }
        let fault = inner.planned(path);
        if fault == Some(Fault::Before) {
            return Err(Error::io(
                path,
                io::Error::other("injected before the write"),
            ));
        }
        match inner.objects.get(path) {
            Some(stored) if *stored != bytes => {
                return Err(Error::Differs {
                    path: path.to_owned(),
                });
            }
            Some(_) => {}
            None => {
                inner.objects.insert(path.to_owned(), bytes);
            }
        }
        match fault {
            Some(_) => Err(Error::io(
                path,
                io::Error::other("injected after the write"),
            )),
            None => Ok(()),
        }
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, Error> {
        path::check(path)?;
        Ok(self.lock().objects.get(path).cloned())
    }

    async fn get_range(
        &self,
        path: &str,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, Error> {
        let object = self.get(path).await?;
        Ok(object.map(|object| {
            let start = usize::try_from(offset).map_or(object.len(), |at| at.min(object.len()));
            let end = start.saturating_add(length).min(object.len());
            object.slice(start..end)
        }))
    }

    async fn length(&self, path: &str) -> Result<Option<u64>, Error> {
        let object = self.get(path).await?;
        Ok(object.map(|object| object.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::run(&MemoryStorage::new()).await;
    }

    #[tokio::test]
    async fn a_fault_before_stores_nothing_and_a_fault_after_stores_the_object() {
        let storage = MemoryStorage::new();
        storage.fail_next_put("tile/", Fault::Before);
        storage.fail_next_put("tile/", Fault::After);
        let bytes = Bytes::from_static(b"x");
        storage.put("other/a", bytes.clone()).await.unwrap();
        assert!(storage.put("tile/0/000", bytes.clone()).await.is_err());
        assert_eq!(storage.get("tile/0/000").await.unwrap(), None);
        assert!(storage.put("tile/0/000", bytes.clone()).await.is_err());
        assert_eq!(
            storage.get("tile/0/000").await.unwrap(),
            Some(bytes.clone())
        );
        storage.put("tile/0/000", bytes).await.unwrap();
    }
}
