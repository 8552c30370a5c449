//! Where a backup is laid out for a while.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::beside::Beside;
use crate::failure::Failure;

/// A place with room for what is laid out.
#[derive(Args)]
pub(crate) struct Scratch {
    /// A folder with room for the content of the backup, in which it is laid out for a while. Default: that of the file.
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl Scratch {
    /// A private folder in it, which goes with the value.
    pub(crate) fn folder(&self, archive: &Path) -> Result<Beside, Failure> {
        let name = archive.file_name().unwrap_or_default();
        match &self.scratch {
            Some(folder) => Beside::create(&folder.join(name)),
            None => Beside::create(archive),
        }
    }
}
