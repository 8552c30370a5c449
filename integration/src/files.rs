//! What is signed, and who signs it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The person who signs in all stories.
pub const PERSON: &str = "person@example.com";

/// Bytes to sign, different at each call.
///
/// # Panics
/// If the folder takes no file.
#[must_use]
pub fn artifact(folder: &Path, name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{name}-{number}.txt"));
    let text = format!("{name} {number} of process {}\n", std::process::id());
    std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// A sibling of `path` with another ending.
#[must_use]
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    path.with_extension(ending)
}
