use std::path::{Path, PathBuf};

use sigstead_kit::AdminListenConfig;

/// Where the record of a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file of the records.
    pub records: PathBuf,
    /// The file of the head.
    pub head: PathBuf,
}

impl Place {
    /// The record in a folder, with its head beside it unless `head` says where else.
    #[must_use]
    pub fn new(folder: &Path, head: Option<&Path>) -> Self {
        Self {
            records: folder.join("records"),
            head: head.map_or_else(|| folder.join("head"), Path::to_owned),
        }
    }

    /// As a service is told; relative paths are relative to its configuration.
    #[must_use]
    pub fn of(listener: &AdminListenConfig) -> Self {
        Self::new(&listener.audit, listener.audit_head.as_deref())
    }

    /// The same with paths that are relative to `folder`.
    #[must_use]
    pub fn within(&self, folder: &Path) -> Self {
        Self {
            records: folder.join(&self.records),
            head: folder.join(&self.head),
        }
    }
}
