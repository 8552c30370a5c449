use std::io;
use std::path::{Path, PathBuf};

use crate::name::{FileName, NameError};

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be accessed.
    #[error("cannot access {}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A source changed while it was copied.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// The folder has something that is no part of what is written there.
    #[error("{} is there, and is no part of this archive", path.display())]
    Occupied {
        /// What is there.
        path: PathBuf,
    },
    /// A volume cannot be as small as that.
    #[error("a volume needs at least {least} bytes for the list of these files and some content")]
    VolumeTooSmall {
        /// How small it may be.
        least: u64,
    },
    /// A file that is read is not what the list says.
    #[error("{name} is not what the list says of it")]
    Damaged {
        /// Which file.
        name: FileName,
    },
    /// What would be written is no list that could be read.
    #[error(transparent)]
    Form(#[from] FormError),
}

impl Error {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// Why bytes are no list of an archive.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// It is longer than a list may be.
    #[error("the list has more than {0} bytes")]
    TooLong(usize),
    /// It is of a later version.
    #[error("the list has the format {0}, which this version does not know")]
    Format(u64),
    /// It is not the JSON that a list is.
    #[error("the list cannot be read")]
    Json(#[from] serde_json::Error),
    /// A name is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There are more files, pieces, images or volumes than an archive may have.
    #[error("the list has more {what} than {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Two files would be one, or one would be the folder of another.
    #[error("{0} is there twice, or is a file and a folder")]
    Collision(String),
    /// The names are not in their order.
    #[error("the files are not in the order of their names at {0}")]
    Unordered(FileName),
    /// The pieces of a file are not the file.
    #[error("the pieces of {0} are not the file")]
    Pieces(FileName),
    /// A line of text that people read is too long, or has control characters.
    #[error("{0} is no short line of text")]
    Text(&'static str),
    /// An image has no files.
    #[error("the image {0} has no index.json in the list")]
    Image(String),
}
