//! Where the root of the next chain of an authority comes from.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Whose key certifies the next key of an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RootSource {
    /// The root of now. Where its key is not in the instance, a ceremony or a company brings the certificate.
    Same,
    /// A new root, whose key is made in the instance.
    Here,
    /// A new root, whose key a ceremony makes or a company has.
    Elsewhere,
}
