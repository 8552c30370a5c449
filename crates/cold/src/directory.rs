use std::collections::VecDeque;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use sigstead_durable::{parent, sync_directory};

use crate::{ColdStorage, Error, path};

/// Objects as read-only files below one directory.
///
/// A `put` writes a temporary file, syncs it, renames it to its place and syncs the directories, so that an object is
/// absent or whole after a power cut.
#[derive(Debug, Clone)]
pub struct DirectoryStorage {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    next_temporary: AtomicU64,
    /// Directories whose own entries are durable up to the root, the latest last.
    durable: Mutex<VecDeque<PathBuf>>,
}

impl DirectoryStorage {
    /// Opens a directory, making it when it is not there, and clears what an interrupted `put` left.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory cannot be made or written.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = directory.into();
        prepare(&root).map_err(|source| Error::io(&root.display().to_string(), source))?;
        let inner = Inner {
            root,
            next_temporary: AtomicU64::new(0),
            durable: Mutex::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }
}

impl Inner {
    fn put_blocking(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let place = self.root.join(path);
        match sigstead_durable::with_reserve(|| fs::read(&place)) {
            Ok(stored) if stored == bytes => {
                // The rename of an interrupted `put` may be visible and not yet durable.
                self.sync_again(&place)
                    .map_err(|source| Error::io(path, source))
            }
            Ok(_) => Err(Error::Differs {
                path: path.to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self
                .write_new(&place, bytes)
                .map_err(|source| Error::io(path, source)),
            Err(source) => Err(Error::io(path, source)),
        }
    }

    fn write_new(&self, place: &Path, bytes: &[u8]) -> io::Result<()> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self
            .root
            .join(TEMPORARY)
            .join(format!("{}-{number}", std::process::id()));
        let written = write_synced(&temporary, bytes)
            .and_then(|()| fs::create_dir_all(parent(place)))
            .and_then(|()| sigstead_durable::rename(&temporary, place));
        if let Err(error) = written {
            // Best effort: whatever stays is cleared by the next `open`.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        self.sync_parents(place)
    }

    fn sync_again(&self, place: &Path) -> io::Result<()> {
        sigstead_durable::sync(&sigstead_durable::open(place)?)?;
        self.sync_parents(place)
    }

    /// Syncs the object's directory, and those above it up to the root unless that was done before.
    fn sync_parents(&self, place: &Path) -> io::Result<()> {
        let nearest = parent(place);
        sync_directory(nearest)?;
        if self.durable().iter().any(|known| known == nearest) {
            return Ok(());
        }
        for directory in nearest
            .ancestors()
            .take_while(|directory| *directory != self.root)
            .map(parent)
        {
            sync_directory(directory)?;
        }
        let mut durable = self.durable();
        durable.push_back(nearest.to_owned());
        if durable.len() > DIRECTORIES_REMEMBERED {
            durable.pop_front();
        }
        Ok(())
    }

    fn durable(&self) -> MutexGuard<'_, VecDeque<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ColdStorage for DirectoryStorage {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), Error> {
        path::check(path)?;
        let (inner, owned) = (Arc::clone(&self.inner), path.to_owned());
        tokio::task::spawn_blocking(move || inner.put_blocking(&owned, &bytes))
            .await
            .unwrap_or_else(|error| Err(Error::io(path, io::Error::other(error))))
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, Error> {
        self.read(path, |place| fs::read(place).map(Bytes::from))
            .await
    }

    async fn get_range(
        &self,
        path: &str,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, Error> {
        self.read(path, move |place| read_range(place, offset, length))
            .await
    }

    async fn length(&self, path: &str) -> Result<Option<u64>, Error> {
        let length = self.read(path, |place| {
            let metadata = fs::metadata(place)?;
            match metadata.is_file() {
                true => Ok(metadata.len()),
                false => Err(io::ErrorKind::IsADirectory.into()),
            }
        });
        length.await
    }
}

impl DirectoryStorage {
    async fn read<T: Send + 'static>(
        &self,
        path: &str,
        read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<Option<T>, Error> {
        path::check(path)?;
        let place = self.inner.root.join(path);
        let read = tokio::task::spawn_blocking(move || read(&place))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)));
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // A directory stands where a caller asks for an object: nothing is stored there.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
            Err(source) => Err(Error::io(path, source)),
        }
    }
}

fn read_range(place: &Path, offset: u64, length: usize) -> io::Result<Bytes> {
    let mut file = File::open(place)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(length.min(LARGEST_READ));
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

fn prepare(root: &Path) -> io::Result<()> {
    let temporary = root.join(TEMPORARY);
    sigstead_durable::create_directory(&temporary)?;
    for entry in fs::read_dir(&temporary)? {
        fs::remove_file(entry?.path())?;
    }
    sync_directory(root)?;
    sync_directory(parent(root))
}

fn write_synced(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = sigstead_durable::create(place)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(READ_ONLY))?;
    sigstead_durable::sync(&file)
}

/// Starts with a dot, which no object path may.
const TEMPORARY: &str = ".incoming";

/// A log writes into a few directories at a time.
const DIRECTORIES_REMEMBERED: usize = 32;

/// Room is made for what a caller asks for, within reason; what it asks for may be more than there is.
const LARGEST_READ: usize = 256 << 10;

/// Nobody changes an object in place by accident.
const READ_ONLY: u32 = 0o444;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        let directory = tempfile::tempdir().unwrap();
        crate::conformance::run(&DirectoryStorage::open(directory.path().join("log")).unwrap())
            .await;
    }

    #[tokio::test]
    async fn objects_are_plain_read_only_files_that_survive_a_reopening() {
        let directory = tempfile::tempdir().unwrap();
        let storage = DirectoryStorage::open(directory.path()).unwrap();
        storage
            .put("tile/0/x001/067", Bytes::from_static(b"hashes"))
            .await
            .unwrap();
        let place = directory.path().join("tile/0/x001/067");
        assert_eq!(fs::read(&place).unwrap(), b"hashes");
        assert_eq!(
            fs::metadata(&place).unwrap().permissions().mode() & 0o777,
            READ_ONLY
        );

        let again = DirectoryStorage::open(directory.path()).unwrap();
        let read = again.get("tile/0/x001/067").await.unwrap();
        assert_eq!(read, Some(Bytes::from_static(b"hashes")));
    }

    #[tokio::test]
    async fn clears_what_an_interrupted_put_left() {
        let directory = tempfile::tempdir().unwrap();
        DirectoryStorage::open(directory.path()).unwrap();
        let torn = directory.path().join(TEMPORARY).join("1-1");
        fs::write(&torn, b"half").unwrap();
        DirectoryStorage::open(directory.path()).unwrap();
        assert!(!torn.exists());
    }

    #[tokio::test]
    async fn an_unwritable_place_is_an_error_and_not_an_absence() {
        let directory = tempfile::tempdir().unwrap();
        let storage = DirectoryStorage::open(directory.path()).unwrap();
        storage
            .put(
                "tile",
                Bytes::from_static(b"a file where a folder is needed"),
            )
            .await
            .unwrap();
        assert!(
            storage
                .put("tile/0", Bytes::from_static(b"x"))
                .await
                .is_err()
        );
        assert_eq!(storage.get("tile/0").await.unwrap(), None);
    }
}
