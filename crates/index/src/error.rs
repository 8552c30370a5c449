use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why an index did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A part of a file is not what was written. [`Index::maintain`](crate::Index::maintain), which is due then, throws
    /// the file away and with it what is newer.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: &'static str,
    },
    /// Postings do not follow those that are there.
    #[error("the index covers {covered} entries and cannot go on with {position}")]
    Gap {
        /// How far the index is.
        covered: u64,
        /// What it was given.
        position: u64,
    },
}

/// A file that was thrown away when the index was opened.
#[derive(Debug)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What was wrong with it.
    pub why: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}
