//! The body of a log entry: what it says (here), and what it must say (`expected.rs`).

pub(crate) mod expected;
mod rekor1;

use sigstead_key::HashAlgorithm;
use sigstead_protojson::Unknown;

use crate::bundle_entry::LogEntry;
use crate::check::Check;
use crate::failure::Failure;

/// What a log's entry says, as far as it is not written again to be compared.
pub(crate) enum Body {
    HashedRekord1(rekor1::HashedRekord),
    Dsse1(rekor1::Dsse),
    InToto1(rekor1::InToto),
    HashedRekord2,
    Dsse2,
}

/// Which software keeps the log; the rules of promises follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogVersion {
    Rekor1,
    Rekor2,
}

impl Body {
    pub(crate) fn read(entry: &LogEntry) -> Result<Self, Failure> {
        match (entry.kind.as_str(), entry.version.as_str()) {
            (sigstead_entry::KIND, sigstead_entry::API_VERSION) => Ok(Self::HashedRekord2),
            // Only the first servers of Rekor v2 wrote this one; it is compared as strictly.
            ("dsse", "0.0.2") => Ok(Self::Dsse2),
            ("hashedrekord", "0.0.1") => {
                rekor1::read(entry, Unknown::Refuse).map(Self::HashedRekord1)
            }
            // These have more about the envelope than is compared: hashes of its JSON, and its payload again.
            ("dsse", "0.0.1") => rekor1::read(entry, Unknown::Ignore).map(Self::Dsse1),
            ("intoto", "0.0.2") => rekor1::read(entry, Unknown::Ignore).map(Self::InToto1),
            (kind, version) => Err(Failure::unlike(
                Check::EntryKind,
                "hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, or intoto 0.0.2",
                format!("{kind:?} {version:?}"),
            )),
        }
    }

    /// Which software writes such bodies.
    pub(crate) const fn version(&self) -> LogVersion {
        match self {
            Self::HashedRekord1(_) | Self::Dsse1(_) | Self::InToto1(_) => LogVersion::Rekor1,
            Self::HashedRekord2 | Self::Dsse2 => LogVersion::Rekor2,
        }
    }

    /// The hash function that a body of Rekor v1 names. Its clients signed with it whatever the key: P-384 and P-521 with
    /// SHA-256 too. Version 2 takes the one that the registry pairs with the key.
    pub(crate) fn hash(&self) -> Result<Option<HashAlgorithm>, Failure> {
        let hash = match self {
            Self::HashedRekord1(spec) => &spec.data.hash,
            Self::Dsse1(spec) => &spec.payload_hash,
            Self::InToto1(spec) => &spec.content.payload_hash,
            Self::HashedRekord2 | Self::Dsse2 => return Ok(None),
        };
        hash.algorithm().map(Some)
    }
}
