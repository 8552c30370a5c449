//! The list of all files of a folder with their hashes, as `sha256sum` writes and checks it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sigstead_key::HashAlgorithm;

use crate::failure::Failure;
use crate::private;

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

pub(super) fn of_file(path: &Path) -> io::Result<String> {
    Ok(sha256(&private::read(path, LONGEST)?))
}

/// The list of a folder, as it is there.
pub(super) fn read(folder: &Path) -> io::Result<String> {
    let list = private::read(&folder.join(SUMS), LONGEST)?;
    String::from_utf8(list).map_err(|_| io::Error::other("it is not text"))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(HashAlgorithm::Sha256.digest(bytes))
}

/// The files of a folder and of those in it, by their paths from it on. No link is followed: a carrier could have it lead
/// anywhere.
pub(super) fn files_below(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let mut left: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        let failed = |error| Failure::file("read", &next, error);
        for entry in fs::read_dir(&next).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            if kind.is_dir() {
                left.push(path);
            } else if !kind.is_file() {
                let why = "it is neither a file nor a folder";
                return Err(Failure::file("read", &path, why));
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

/// More than any file of evidence has.
const LONGEST: u64 = 256 << 20;
