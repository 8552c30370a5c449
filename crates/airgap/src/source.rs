use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::name::FileName;
use crate::record::Kind;

/// A file that goes into an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that it gets.
    pub name: FileName,
    /// What it is.
    pub kind: Kind,
    /// How long it is.
    pub size: u64,
    /// Where its bytes are.
    pub content: Content,
}

/// Where the bytes of a file are that goes into an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// In a file, behind so many others.
    File {
        /// Which file.
        path: PathBuf,
        /// Where they begin.
        offset: u64,
    },
    /// Here.
    Bytes(Vec<u8>),
}

impl Source {
    /// Bytes that are in no file.
    #[must_use]
    pub fn of_bytes(name: FileName, kind: Kind, bytes: Vec<u8>) -> Self {
        Self {
            name,
            kind,
            size: bytes.len() as u64,
            content: Content::Bytes(bytes),
        }
    }

    /// The bytes behind the first `offset`.
    ///
    /// # Errors
    /// If the file that has them cannot be read.
    pub fn open(&self, offset: u64) -> Result<Box<dyn Read + '_>, Error> {
        let left = self.size.saturating_sub(offset);
        match &self.content {
            Content::Bytes(bytes) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                Ok(Box::new(bytes.get(from..).unwrap_or_default()))
            }
            Content::File {
                path,
                offset: begin,
            } => {
                let failed = |error| Error::file(path, error);
                let mut file = File::open(path).map_err(failed)?;
                let at = begin.saturating_add(offset);
                file.seek(SeekFrom::Start(at)).map_err(failed)?;
                Ok(Box::new(file.take(left)))
            }
        }
    }

    /// What is said to be at fault when its bytes cannot be read.
    pub(crate) fn path(&self) -> &Path {
        match &self.content {
            Content::File { path, .. } => path,
            Content::Bytes(_) => Path::new(self.name.as_str()),
        }
    }
}
