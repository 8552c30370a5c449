use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sigstead_durable::{parent, sync_directory};

use crate::{Batch, Error, Pair, Store, private};

/// State in a sled 0.34 database, with what that engine lacks added around it.
///
/// Its `flush` does not survive a power cut, so each commit syncs the database file afterwards. Each value carries a
/// checksum over key and value. Opening it on a full disk would damage it, so room is proven first. A panic inside its
/// opening is answered as damage.
#[derive(Clone)]
pub struct SledStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: sled::Db,
    /// An own handle: the engine's is not reachable, and the file is never replaced.
    file: File,
    /// Preconditions and writes are one step.
    order: Mutex<()>,
    is_stopped: AtomicBool,
}

impl SledStore {
    /// Opens the database in a directory, making both when they are not there.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory is in use, full or unreachable; [`Error::Damaged`] when the engine cannot read
    /// its own files.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        blocking("open the store", move || Inner::open(&path))
            .await
            .map(|inner| Self {
                inner: Arc::new(inner),
            })
    }

    async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Inner) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(action, move || work(&inner)).await
    }
}

#[async_trait]
impl Store for SledStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let key = key.to_vec();
        self.run("read from the store", move |inner| inner.value(&key))
            .await
    }

    async fn list(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, Error> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        self.run("list the store", move |inner| {
            inner.list(&prefix, after.as_deref(), limit)
        })
        .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), Error> {
        batch.check_sizes()?;
        self.run("commit to the store", move |inner| inner.commit(&batch))
            .await
    }
}

impl Inner {
    fn open(path: &Path) -> Result<Self, Error> {
        sigstead_durable::create_private_directory(path)
            .map_err(Error::io("make the store's directory"))?;
        // The engine makes its files with the modes of the umask; in a directory that is private nobody else reaches them.
        private::narrow_directory(path)?;
        remove_unfinished_snapshots(path).map_err(Error::io("clear the store's directory"))?;
        prove_room(path).map_err(Error::io("write to the store's directory"))?;
        let database = open_engine(path)?;
        let file = File::open(path.join("db")).map_err(Error::io("open the store's file"))?;
        let inner = Self {
            database,
            file,
            order: Mutex::new(()),
            is_stopped: AtomicBool::new(false),
        };
        inner.make_durable()?;
        sync_directory(path).map_err(Error::io("sync the store's directory"))?;
        sync_directory(parent(path)).map_err(Error::io("sync the store's directory"))?;
        Ok(inner)
    }

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let stored = self
            .database
            .get(key)
            .map_err(engine("read from the store"))?;
        stored
            .map(|stored| checked(key, &stored).map(<[u8]>::to_vec))
            .transpose()
    }

    fn list(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        let mut start = prefix.to_vec();
        if let Some(after) = after.filter(|after| *after >= prefix) {
            // The smallest key behind `after`.
            start = after.to_vec();
            start.push(0);
        }
        let mut found = Vec::new();
        for pair in self.database.range(start..).take(limit) {
            let (key, stored) = pair.map_err(engine("list the store"))?;
            if !key.starts_with(prefix) {
                break;
            }
            found.push((key.to_vec(), checked(&key, &stored)?.to_vec()));
        }
        Ok(found)
    }

    fn commit(&self, batch: &Batch) -> Result<(), Error> {
        if self.is_stopped.load(Ordering::Acquire) {
            return Err(Error::Stopped);
        }
        self.apply(batch)?;
        self.make_durable()
            .inspect_err(|_| self.is_stopped.store(true, Ordering::Release))
    }

    fn apply(&self, batch: &Batch) -> Result<(), Error> {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, expect) in &batch.requirements {
            if !expect.holds(self.value(key)?.as_deref()) {
                return Err(Error::Conflict { key: key.clone() });
            }
        }
        let mut writes = sled::Batch::default();
        for (key, value) in &batch.writes {
            match value {
                Some(value) => writes.insert(key.as_slice(), with_checksum(key, value)),
                None => writes.remove(key.as_slice()),
            }
        }
        self.database
            .apply_batch(writes)
            .map_err(engine("commit to the store"))
    }

    /// `flush` hands the data to the kernel; only the sync of the file reaches the medium.
    fn make_durable(&self) -> Result<(), Error> {
        self.database.flush().map_err(engine("flush the store"))?;
        sigstead_durable::sync(&self.file).map_err(Error::io("sync the store's file"))
    }
}

async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(Error::Io {
                action,
                source: io::Error::other(error),
            })
        })
}

/// The engine panics on some damaged files.
fn open_engine(path: &Path) -> Result<sled::Db, Error> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(BACKGROUND_FLUSH_MILLIS));
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(sled::Error::Corruption { .. })) | Err(_) => Err(Error::Damaged {
            what: format!("the engine cannot read its files in {}", path.display()),
        }),
        Ok(Err(error)) => Err(engine("open the store")(error)),
    }
}

/// A snapshot that was begun on a full disk is empty, and the engine takes it for corruption for ever.
fn remove_unfinished_snapshots(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_unfinished = name.starts_with("snap.") && name.ends_with(".generating");
        if is_unfinished && entry.metadata()?.len() == 0 {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn prove_room(path: &Path) -> io::Result<()> {
    let probe = path.join("room.probe");
    let written = sigstead_durable::write(&probe, &vec![0x55; ROOM_BYTES]);
    let removed = fs::remove_file(&probe);
    written.and(removed)
}

fn engine(action: &'static str) -> impl FnOnce(sled::Error) -> Error {
    move |error| Error::Io {
        action,
        source: io::Error::other(error),
    }
}

fn with_checksum(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(CHECKSUM_BYTES + value.len());
    stored.extend_from_slice(&checksum(key, value).to_le_bytes());
    stored.extend_from_slice(value);
    stored
}

fn checked<'a>(key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], Error> {
    match stored.split_first_chunk::<CHECKSUM_BYTES>() {
        Some((sum, value)) if u32::from_le_bytes(*sum) == checksum(key, value) => Ok(value),
        _ => Err(Error::Damaged {
            what: format!("the value under key {}", key.escape_ascii()),
        }),
    }
}

/// Covers the key, so that a value cannot turn up under another one.
fn checksum(key: &[u8], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), value)
}

const CHECKSUM_BYTES: usize = 4;

/// The engine's own default is a gigabyte.
const CACHE_BYTES: u64 = 8 << 20;

const BACKGROUND_FLUSH_MILLIS: u64 = 500;

/// More than the engine writes while it opens.
const ROOM_BYTES: usize = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expect;

    #[tokio::test]
    async fn conforms() {
        let directory = tempfile::tempdir().unwrap();
        crate::conformance::run(
            &SledStore::open(directory.path().join("state"))
                .await
                .unwrap(),
        )
        .await;
    }

    #[tokio::test]
    async fn keeps_what_was_committed_across_a_reopening() {
        let directory = tempfile::tempdir().unwrap();
        let store = SledStore::open(directory.path()).await.unwrap();
        store
            .commit(Batch::new().put("a", "1").put("b", "2"))
            .await
            .unwrap();
        store
            .commit(
                Batch::new()
                    .require("a", Expect::Value(b"1".to_vec()))
                    .delete("a"),
            )
            .await
            .unwrap();
        drop(store);
        let store = SledStore::open(directory.path()).await.unwrap();
        assert_eq!(store.get(b"a").await.unwrap(), None);
        assert_eq!(store.get(b"b").await.unwrap(), Some(b"2".to_vec()));
    }

    #[tokio::test]
    async fn refuses_a_second_opener() {
        let directory = tempfile::tempdir().unwrap();
        let _first = SledStore::open(directory.path()).await.unwrap();
        assert!(matches!(
            SledStore::open(directory.path()).await,
            Err(Error::Io { .. })
        ));
    }

    #[tokio::test]
    async fn opens_past_an_unfinished_snapshot() {
        let directory = tempfile::tempdir().unwrap();
        let store = SledStore::open(directory.path()).await.unwrap();
        store.commit(Batch::new().put("a", "1")).await.unwrap();
        drop(store);
        fs::write(
            directory.path().join("snap.00000000DEADBEEF.generating"),
            b"",
        )
        .unwrap();
        let store = SledStore::open(directory.path()).await.unwrap();
        assert_eq!(store.get(b"a").await.unwrap(), Some(b"1".to_vec()));
    }

    #[tokio::test]
    async fn notices_a_value_that_was_not_written_by_it() {
        let directory = tempfile::tempdir().unwrap();
        let store = SledStore::open(directory.path()).await.unwrap();
        store
            .inner
            .database
            .insert("a", b"no checksum".to_vec())
            .unwrap();
        assert!(matches!(store.get(b"a").await, Err(Error::Damaged { .. })));
        assert!(matches!(
            store.list(b"", None, 9).await,
            Err(Error::Damaged { .. })
        ));
    }
}
