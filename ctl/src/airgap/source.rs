//! A file that goes into an archive as it is.

use std::fs;
use std::path::Path;

use sigstead_airgap::{Content, FileName, Kind, Source};

use super::refusal::unfit;
use crate::failure::Failure;

/// A file that goes in whole.
pub(super) fn file_source(as_name: &str, kind: Kind, path: &Path) -> Result<Source, Failure> {
    let metadata = fs::metadata(path).map_err(|error| Failure::file("read", path, error))?;
    if !metadata.is_file() {
        let what = format!("{} cannot be carried", path.display());
        return Err(unfit(what, "it is no regular file"));
    }
    Ok(Source {
        name: name(as_name)?,
        kind,
        size: metadata.len(),
        content: Content::File {
            path: path.to_owned(),
            offset: 0,
        },
    })
}

/// A name that a file can have on every medium.
pub(super) fn name(text: &str) -> Result<FileName, Failure> {
    FileName::parse(text).map_err(|error| unfit(format!("{text} cannot be carried"), error))
}
