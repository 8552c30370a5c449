//! Where a backup is laid out for a while.

use std::path::PathBuf;

use clap::Args;

use super::place::Place;
use crate::beside::Beside;
use crate::failure::Failure;

/// A place with room for what is laid out.
#[derive(Args)]
pub(crate) struct Scratch {
    /// A folder with room for the content of the backup, in which it is laid out for a while. Default: that of the file,
    /// and for an object that of temporary files.
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl Scratch {
    /// A private folder in it, which goes with the value.
    pub(crate) fn folder(&self, place: &Place) -> Result<Beside, Failure> {
        match &self.scratch {
            Some(folder) => Beside::create(&folder.join(place.target().name())),
            None => Beside::create(&place.beside()),
        }
    }
}
