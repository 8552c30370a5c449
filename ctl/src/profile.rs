//! What an instance is for.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use sigstead_kit::Period;

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
    /// As `standard`, for a site behind one-way media: what a courier brings counts for years, and what counts for less is signed
    /// inside.
    Airgap,
    /// What `standard` was called before several people could sign the root, which nothing asks of such an instance.
    #[value(hide = true)]
    Production,
}

impl Profile {
    /// How long clients accept a publication of the trust root, if nobody says how long.
    pub(crate) const fn publication(self) -> Period {
        match self {
            Self::Airgap => Period::from_days(3 * 365),
            Self::Dev | Self::Standard | Self::Strict | Self::Production => Period::from_days(365),
        }
    }

    /// How long clients accept what the `tuf` service signs of it by itself, snapshot and timestamp, if not as long as its
    /// configuration has it by default. Who carries the repository to clients by hand has as long.
    pub(crate) const fn freshness(self) -> Option<Period> {
        match self {
            Self::Airgap => Some(Period::from_days(90)),
            Self::Dev | Self::Standard | Self::Strict | Self::Production => None,
        }
    }

    /// The profile, by its name of today.
    pub(crate) const fn asked_for(self) -> Self {
        match self {
            Self::Dev => Self::Dev,
            Self::Standard | Self::Production => Self::Standard,
            Self::Strict => Self::Strict,
            Self::Airgap => Self::Airgap,
        }
    }
}
