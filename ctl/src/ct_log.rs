//! Whether an instance has a certificate transparency log.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Where the certificates of an instance are logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CtLog {
    /// In a log of its own.
    #[default]
    Own,
    /// Nowhere: they have no SCT, and no client takes them that is not told to.
    None,
}

impl CtLog {
    /// An instance that was made before says nothing.
    pub(crate) fn is_own(&self) -> bool {
        *self == Self::Own
    }
}
