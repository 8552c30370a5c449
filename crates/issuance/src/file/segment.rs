//! The names of segments: a number that grows, and the time of the first issuance in whole seconds.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::error::Error;

/// One file of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// When it was begun. What stands in the segment before was recorded earlier.
    pub(super) begun: OffsetDateTime,
    pub(super) path: PathBuf,
}

impl Segment {
    pub(super) fn new(directory: &Path, number: u64, begun: OffsetDateTime) -> Self {
        let name = format!("{number:010}-{}{SUFFIX}", begun.unix_timestamp());
        Self {
            number,
            begun,
            path: directory.join(name),
        }
    }

    fn parse(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?;
        let (number, begun) = name.split_once('-')?;
        Some(Self {
            number: number.parse().ok()?,
            begun: OffsetDateTime::from_unix_timestamp(begun.parse().ok()?).ok()?,
            path,
        })
    }
}

/// The segments of a directory, the oldest first. Other files are left alone.
pub(super) fn list(directory: &Path) -> Result<Vec<Segment>, Error> {
    let failed = || Error::read("list the directory", directory);
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed())? {
        segments.extend(Segment::parse(entry.map_err(failed())?.path()));
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

const SUFFIX: &str = ".rec";
