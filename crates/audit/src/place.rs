use std::path::{Path, PathBuf};

use sigstead_kit::AdminListenConfig;

use crate::error::Error;
use crate::head::Head;

/// Where the record of a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file of the records.
    pub records: PathBuf,
    /// The file of the head.
    pub head: PathBuf,
    /// A second head beside the records, where the first is apart from them: a copy of the folder has it too, so that the
    /// record goes on where the first is not.
    pub beside: Option<PathBuf>,
}

impl Place {
    /// The record in a folder, with its head beside it unless `head` says where else.
    #[must_use]
    pub fn new(folder: &Path, head: Option<&Path>) -> Self {
        let beside = folder.join("head");
        Self {
            records: folder.join("records"),
            head: head.unwrap_or(&beside).to_owned(),
            beside: head.is_some().then_some(beside),
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
            beside: self.beside.as_ref().map(|beside| folder.join(beside)),
        }
    }

    /// The heads that are there, the one that counts first.
    pub(crate) fn heads(&self) -> Result<Vec<Head>, Error> {
        let paths = [Some(&self.head), self.beside.as_ref()];
        let heads = paths.into_iter().flatten().map(|path| Head::load(path));
        Ok(heads
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// Writes the head wherever it is kept, last where it counts.
    pub(crate) fn store(&self, head: &Head) -> Result<(), Error> {
        let paths = [self.beside.as_ref(), Some(&self.head)];
        paths
            .into_iter()
            .flatten()
            .try_for_each(|path| head.store(path))
    }
}
