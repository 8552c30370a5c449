use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigstead_checkpoint::Origin;
use sigstead_index::{Index, IndexConfig};
use sigstead_sequencer::Follower;

use super::keys::keys;
use crate::error::{Error, ReadError};

/// One making of the search index, in a directory of its own.
///
/// A generation counts once it is complete; until then a restart goes on with the one before.
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) follower: Follower,
}

impl Generation {
    /// Opens the one that counts, and removes what is left of others.
    pub(crate) fn open_current(directory: &Path, origin: &Origin) -> Result<Self, Error> {
        let number = current(directory)?;
        let generation = Self::open(directory, number, origin)?;
        remove_others(directory, number)?;
        Ok(generation)
    }

    /// Opens one that holds nothing.
    pub(crate) fn begin(directory: &Path, number: u64, origin: &Origin) -> Result<Self, Error> {
        remove(&path(directory, number))?;
        Self::open(directory, number, origin)
    }

    fn open(directory: &Path, number: u64, origin: &Origin) -> Result<Self, Error> {
        let (index, damage) = Index::open(&path(directory, number), IndexConfig::default())?;
        for damage in damage {
            tracing::warn!(%origin, %damage, "a part of the search index is made anew");
        }
        let follower = Follower::new("search", Arc::new(index), keys);
        Ok(Self { number, follower })
    }
}

/// Has a generation count from now on, also after a crash.
pub(crate) fn set_current(directory: &Path, number: u64) -> Result<(), Error> {
    let line = format!("{number}\n");
    sigstead_durable::replace(&directory.join(CURRENT), line.as_bytes())
        .map_err(|source| failed(directory, source))
}

/// Removes all generations but one.
pub(crate) fn remove_others(directory: &Path, number: u64) -> Result<(), Error> {
    let entries = fs::read_dir(directory).map_err(|source| failed(directory, source))?;
    for entry in entries {
        let name = entry
            .map_err(|source| failed(directory, source))?
            .file_name();
        let other = name.to_str().and_then(|name| name.parse().ok());
        if let Some(other) = other.filter(|other| *other != number) {
            remove(&path(directory, other))?;
        }
    }
    Ok(())
}

fn current(directory: &Path) -> Result<u64, Error> {
    match fs::read_to_string(directory.join(CURRENT)) {
        Ok(text) => Ok(text.trim().parse().unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(failed(directory, source)),
    }
}

fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(number.to_string())
}

fn remove(directory: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(directory, error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Read(ReadError::IndexFiles {
        path: path.to_path_buf(),
        source,
    })
}

const CURRENT: &str = "current";
