//! What an instance is for.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What the instance may do beside serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// For a laptop or a test: `sigctl token` makes identity tokens.
    Dev,
    /// For real use: identity tokens come from people and workloads only, and several people sign the root.
    Standard,
    /// As `standard`, and the same people sign the targets too: nothing changes in what clients trust without them.
    Strict,
    /// What `standard` was called before several people could sign the root, which nothing asks of such an instance.
    #[value(hide = true)]
    Production,
}

impl Profile {
    /// The profile, by its name of today.
    pub(crate) const fn asked_for(self) -> Self {
        match self {
            Self::Dev => Self::Dev,
            Self::Standard | Self::Production => Self::Standard,
            Self::Strict => Self::Strict,
        }
    }
}
