//! The list of all files of a folder with their hashes, as `sha256sum` writes and checks it.

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_key::HashAlgorithm;

use crate::failure::Failure;

/// One line for each file, in the order of their names.
pub(super) fn of(folder: &Path) -> Result<String, Failure> {
    let mut list = String::new();
    for name in files_below(folder)? {
        let path = folder.join(&name);
        let sum = of_file(&path).map_err(|error| Failure::file("read", &path, error))?;
        list.push_str(&format!("{sum}  {name}\n"));
    }
    Ok(list)
}

pub(super) fn of_file(path: &Path) -> std::io::Result<String> {
    Ok(sha256(&fs::read(path)?))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(HashAlgorithm::Sha256.digest(bytes))
}

/// The files of a folder and of those in it, by their paths from it on.
pub(super) fn files_below(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let mut left: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        let failed = |error| Failure::file("read", &next, error);
        for entry in fs::read_dir(&next).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                left.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}

/// The name of the list.
pub(super) const SUMS: &str = "SHA256SUMS";
