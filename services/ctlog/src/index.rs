use std::path::Path;

use sigstead_index::{Index, IndexConfig};

use crate::error::Error;

/// What is damaged of it is made again from the log.
pub(crate) fn open_index(directory: &Path) -> Result<Index, Error> {
    let opened = Index::open(directory, IndexConfig::default());
    let (index, damage) = opened.map_err(sigstead_sequencer::Error::Index)?;
    for damage in damage {
        tracing::warn!(%damage, "a part of the index of entries is made again");
    }
    Ok(index)
}
