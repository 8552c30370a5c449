//! When what clients trust was written outside, and brought in here: what a batch and a copy say beside what is signed.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::copies::unusable;
use crate::failure::Failure;

/// What a batch says of itself, in [`Batch::FILE`]. Nobody signs it: it tells people an age, and decides nothing that is trusted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) exported: OffsetDateTime,
}

/// What a copy remembers of the last batch that brought something new, in [`Import::FILE`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// When it was imported, by the clock of this machine.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) imported: OffsetDateTime,
    /// When it was written outside, as far as it said so.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) exported: Option<OffsetDateTime>,
}

impl Batch {
    pub(crate) const FILE: &str = "batch.json";

    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::json!(self).to_string().into_bytes()
    }
}

impl Import {
    const FILE: &str = "import.json";

    /// What a copy remembers; nothing if no batch was imported.
    pub(crate) fn read(copy: &Path) -> Result<Option<Self>, Failure> {
        match std::fs::read(copy.join(Self::FILE)) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| unusable(copy, error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(copy, error)),
        }
    }

    pub(crate) fn write(&self, copy: &Path) -> Result<(), Failure> {
        let place = copy.join(Self::FILE);
        let text = serde_json::json!(self).to_string();
        sigstead_durable::replace(&place, text.as_bytes())
            .map_err(|error| Failure::file("write", &place, error))
    }

    /// Until when the copy knows what was published.
    pub(crate) fn knows_until(&self) -> OffsetDateTime {
        self.exported.unwrap_or(self.imported).min(self.imported)
    }
}
