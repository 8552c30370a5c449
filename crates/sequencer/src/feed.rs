use sigstead_index::{Index, Key};

use crate::entry::RecordedEntry;
use crate::error::Error;

/// Whether an index has all that its log has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    CaughtUp,
    Behind,
}

/// Takes entries of a log of `size`, the first of which has the index `first`, into an index, each under its keys.
pub(crate) fn feed<K: IntoIterator<Item = Key>>(
    index: &Index,
    first: u64,
    entries: &[RecordedEntry],
    size: u64,
    keys: impl Fn(&RecordedEntry) -> K,
) -> Result<Progress, Error> {
    let end = first + entries.len() as u64;
    let placed = (first..).zip(entries);
    let postings = placed.flat_map(|(at, entry)| keys(entry).into_iter().map(move |key| (key, at)));
    match index.extend(first..end, &postings.collect::<Vec<_>>()) {
        // Another was faster, or a part of the index was found to be damaged in the meantime.
        Err(_) if index.covered() != first => Ok(Progress::Behind),
        Err(error) => Err(error.into()),
        Ok(()) if end < size && end > first => Ok(Progress::Behind),
        Ok(()) => Ok(Progress::CaughtUp),
    }
}

/// What is not found among `covered` entries of a log of `size` may yet be there.
pub(crate) fn covers(covered: u64, size: u64) -> Result<(), Error> {
    if covered < size {
        return Err(Error::IndexBehind { covered, size });
    }
    Ok(())
}
