//! A folder, or the beginning of keys in a bucket, in which backups are kept.

use std::fs;
use std::path::Path;

use super::place::Place;
use crate::bucket::UNFINISHED;
use crate::failure::Failure;

/// A file or an object in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Whether what an interrupted command left beside it says that it is not proven.
    pub(super) is_unfinished: bool,
}

/// What is in a place, by name.
pub(super) async fn held(place: &Place) -> Result<Vec<Held>, Failure> {
    let mut found = match place {
        Place::Local(folder) => files(folder)?,
        Place::Remote { bucket, address } => {
            let listed = bucket.list(&address.below("").key).await?;
            let listed = listed.into_iter();
            listed.map(|object| (object.name, object.bytes)).collect()
        }
    };
    found.sort();
    let beside = found.iter().map(|(name, _)| name);
    let unfinished: Vec<_> = beside
        .filter_map(|name| name.strip_suffix(UNFINISHED).map(ToOwned::to_owned))
        .collect();
    let held = found.into_iter().map(|(name, bytes)| Held {
        is_unfinished: unfinished.contains(&name),
        name,
        bytes,
    });
    Ok(held.collect())
}

fn files(folder: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let length = entry.metadata().map_err(failed)?.len();
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, length));
        }
    }
    Ok(found)
}

/// Removes the file or object.
pub(super) async fn remove(place: &Place) -> Result<(), Failure> {
    match place {
        Place::Remote { bucket, address } => bucket.remove(&address.key).await,
        Place::Local(path) => {
            let removed = sigstead_durable::remove(path);
            removed.map_err(|error| Failure::file("remove", path, error))
        }
    }
}
