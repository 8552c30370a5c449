use serde::{Deserialize, Serialize};

use crate::name::{FileName, Sha256};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Its name, the same in the archive and where it is laid out.
    pub name: FileName,
    /// What it is.
    pub kind: Kind,
    /// How long it is.
    pub size: u64,
    /// Its hash.
    pub sha256: Sha256,
    /// Where it is: in one piece, or in several.
    pub pieces: Vec<Piece>,
}

/// A part of a file, in a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// The number of the volume.
    pub volume: u32,
    /// How long the piece is.
    pub size: u64,
    /// Its hash.
    pub sha256: Sha256,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A program of Sigstead.
    Program,
    /// A part of the layout of an image.
    Image,
    /// The packed chart.
    Chart,
    /// What something is made of.
    Sbom,
    /// What is known of flaws.
    Flaws,
    /// The manual.
    Document,
    /// A manual page.
    ManualPage,
    /// What clients of an instance need.
    ClientKit,
    /// A client that is not ours, such as cosign.
    Client,
}

impl Kind {
    /// Whether it is run.
    #[must_use]
    pub const fn is_run(self) -> bool {
        matches!(self, Self::Program | Self::Client)
    }
}
