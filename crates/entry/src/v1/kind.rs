use std::fmt;

use super::Error;

/// The kinds of entries that are taken, each in its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A signature over a digest.
    HashedRekord001,
    /// A signed DSSE envelope, of which the log keeps digests and signatures.
    Dsse001,
    /// A signed DSSE envelope, of which the log keeps digests and the key.
    Intoto001,
    /// A signed DSSE envelope, of which the log keeps all but the payload.
    Intoto002,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::HashedRekord001,
        Self::Dsse001,
        Self::Intoto001,
        Self::Intoto002,
    ];

    /// The kind by its name and version.
    ///
    /// # Errors
    /// If it is not taken here, or there is no such kind.
    pub fn parse(kind: &str, version: &str) -> Result<Self, Error> {
        let mut kinds = Self::ALL.into_iter();
        if let Some(found) = kinds.find(|each| each.name() == kind && each.version() == version) {
            return Ok(found);
        }
        let (shown_kind, shown_version) = (shortened(kind), shortened(version));
        if NOT_ENABLED.contains(&kind) {
            return Err(Error::KindNotEnabled {
                kind: shown_kind,
                version: shown_version,
            });
        }
        Err(Error::KindUnknown {
            kind: shown_kind,
            version: shown_version,
        })
    }

    /// The name, as it stands in entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HashedRekord001 => "hashedrekord",
            Self::Dsse001 => "dsse",
            Self::Intoto001 | Self::Intoto002 => "intoto",
        }
    }

    /// The version, as it stands in entries.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::HashedRekord001 | Self::Dsse001 | Self::Intoto001 => "0.0.1",
            Self::Intoto002 => "0.0.2",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.version())
    }
}

// What a client wrote is shown back to it, but not at any length.
fn shortened(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

const SHOWN: usize = 32;
const NOT_ENABLED: [&str; 8] = [
    "rekord", "rpm", "jar", "cose", "rfc3161", "alpine", "helm", "tuf",
];
