//! The four roles and what each says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::tuf::digest::sha256_hex;
use crate::tuf::key::{TufKey, TufKeyId};

/// What all metadata has in common.
pub trait Role: Serialize + for<'de> Deserialize<'de> {
    /// The role's name, as `_type` and the root spell it.
    const NAME: &'static str;

    /// The version of this metadata; it only ever grows.
    fn version(&self) -> u64;

    /// When clients stop to accept it.
    fn expires(&self) -> OffsetDateTime;

    /// What `_type` says.
    fn kind(&self) -> &str;

    /// The file's name in a repository with consistent snapshots.
    fn file_name(&self) -> String {
        format!("{}.{}.json", self.version(), Self::NAME)
    }
}

macro_rules! role {
    ($type:ident, $name:literal $(, $file_name:item)?) => {
        impl Role for $type {
            const NAME: &'static str = $name;
            fn version(&self) -> u64 {
                self.version
            }
            fn expires(&self) -> OffsetDateTime {
                self.expires
            }
            fn kind(&self) -> &str {
                &self.kind
            }
            $($file_name)?
        }
    };
}

/// Which keys sign for which role (TUF §4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    #[serde(rename = "_type")]
    kind: String,
    spec_version: String,
    /// The version.
    pub version: u64,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    consistent_snapshot: bool,
    /// All keys, by identifier.
    pub keys: BTreeMap<TufKeyId, TufKey>,
    /// Keys and threshold of each role.
    pub roles: BTreeMap<String, RoleKeys>,
}

role!(Root, "root");

/// The keys of one role, and how many of them must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleKeys {
    /// The keys' identifiers.
    pub keyids: Vec<TufKeyId>,
    /// How many distinct ones must sign.
    pub threshold: u32,
}

impl Root {
    /// A root without keys yet.
    #[must_use]
    pub fn new(version: u64, expires: OffsetDateTime) -> Self {
        Self {
            kind: Self::NAME.to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version,
            expires: whole_seconds(expires),
            consistent_snapshot: true,
            keys: BTreeMap::new(),
            roles: BTreeMap::new(),
        }
    }

    /// The same keys, one version on.
    #[must_use]
    pub fn successor(&self, expires: OffsetDateTime) -> Self {
        let successor = Self {
            version: self.version.saturating_add(1),
            ..self.clone()
        };
        successor.expiring(expires)
    }

    /// The same root with another end.
    #[must_use]
    pub fn expiring(mut self, expires: OffsetDateTime) -> Self {
        self.expires = whole_seconds(expires);
        self
    }

    /// Gives a role its keys. Keys that no role has any more are left out.
    #[must_use]
    pub fn with_role(mut self, role: &str, keys: &[TufKey], threshold: u32) -> Self {
        let keyids = keys.iter().map(TufKey::id).collect();
        self.keys
            .extend(keys.iter().map(|key| (key.id(), key.clone())));
        self.roles
            .insert(role.to_owned(), RoleKeys { keyids, threshold });
        let roles = &self.roles;
        self.keys
            .retain(|id, _| roles.values().any(|role| role.keyids.contains(id)));
        self
    }
}

/// The files that the repository distributes (TUF §4.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    #[serde(rename = "_type")]
    kind: String,
    spec_version: String,
    /// The version.
    pub version: u64,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// Length and hash of each file, by name.
    pub targets: BTreeMap<String, TargetMeta>,
}

role!(Targets, "targets");

impl Targets {
    /// The metadata of a set of files.
    #[must_use]
    pub fn new(version: u64, expires: OffsetDateTime, files: &[crate::Target]) -> Self {
        let targets = files
            .iter()
            .map(|file| {
                let meta = TargetMeta {
                    length: file.bytes.len() as u64,
                    hashes: Hashes::of(&file.bytes),
                    custom: file.custom.clone(),
                };
                (file.name.clone(), meta)
            })
            .collect();
        Self {
            kind: Self::NAME.to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version,
            expires: whole_seconds(expires),
            targets,
        }
    }
}

impl Targets {
    /// The same files, one version on.
    #[must_use]
    pub fn successor(self, expires: OffsetDateTime) -> Self {
        Self {
            version: self.version.saturating_add(1),
            expires: whole_seconds(expires),
            ..self
        }
    }
}

/// Length and hash of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetMeta {
    /// Octets.
    pub length: u64,
    /// The hash that also stands before the file's name.
    pub hashes: Hashes,
    /// What older clients choose by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<serde_json::Value>,
}

/// SHA-256 and nothing else: clients differ in which of several hashes they look for in file names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashes {
    /// Lower-case hex.
    pub sha256: String,
}

impl Hashes {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: sha256_hex(bytes),
        }
    }
}

/// Which version of the targets is current (TUF §4.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    #[serde(rename = "_type")]
    kind: String,
    spec_version: String,
    /// The version.
    pub version: u64,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// Version of each metadata file.
    pub meta: BTreeMap<String, SnapshotMeta>,
}

role!(Snapshot, "snapshot");

/// The version of one metadata file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotMeta {
    /// The version.
    pub version: u64,
}

impl Snapshot {
    /// A snapshot of one version of the targets.
    #[must_use]
    pub fn new(version: u64, expires: OffsetDateTime, targets_version: u64) -> Self {
        Self {
            kind: Self::NAME.to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version,
            expires: whole_seconds(expires),
            meta: BTreeMap::from([(
                "targets.json".to_owned(),
                SnapshotMeta {
                    version: targets_version,
                },
            )]),
        }
    }

    /// The version of the targets that this snapshot names.
    #[must_use]
    pub fn targets_version(&self) -> Option<u64> {
        self.meta.get("targets.json").map(|meta| meta.version)
    }
}

/// Which snapshot is current (TUF §4.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    #[serde(rename = "_type")]
    kind: String,
    spec_version: String,
    /// The version.
    pub version: u64,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// Version, length and hash of the snapshot.
    pub meta: BTreeMap<String, FileMeta>,
}

role!(
    Timestamp,
    "timestamp",
    fn file_name(&self) -> String {
        "timestamp.json".to_owned()
    }
);

/// Version, length and hash of one metadata file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMeta {
    /// The version.
    pub version: u64,
    /// Octets.
    pub length: u64,
    /// The hash.
    pub hashes: Hashes,
}

impl Timestamp {
    /// The timestamp of one snapshot, given the snapshot file's bytes.
    #[must_use]
    pub fn new(
        version: u64,
        expires: OffsetDateTime,
        snapshot: &Snapshot,
        snapshot_file: &[u8],
    ) -> Self {
        let meta = FileMeta {
            version: snapshot.version,
            length: snapshot_file.len() as u64,
            hashes: Hashes::of(snapshot_file),
        };
        Self {
            kind: Self::NAME.to_owned(),
            spec_version: SPEC_VERSION.to_owned(),
            version,
            expires: whole_seconds(expires),
            meta: BTreeMap::from([("snapshot.json".to_owned(), meta)]),
        }
    }

    /// The snapshot that this timestamp names.
    #[must_use]
    pub fn snapshot(&self) -> Option<&FileMeta> {
        self.meta.get("snapshot.json")
    }
}

/// Clients accept no fractions of a second.
fn whole_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

const SPEC_VERSION: &str = "1.0.31";
