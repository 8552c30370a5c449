//! The versions of the targets that holders sign, one after another, ahead of when they are published.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{Hashes, Role as _, Root, Signed, Targets, TufKeyId};
use sigstead_trust_root::{Base64Bytes, Target, TrustedRoot, check_history};
use time::OffsetDateTime;

use crate::encoding::whole_seconds;
use crate::error::Error;
use crate::holder::Holder;

/// What holders sign of the targets role, whose keys they hold from the next root on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetsDraft {
    /// The targets that clients have now, as they are published.
    pub before: Signed<Targets>,
    /// Who holds the keys of that role by the root before.
    pub holders_before: Vec<Holder>,
    /// What is signed, in the order in which it is published.
    pub versions: Vec<TargetsVersion>,
    /// All files that these and those before name, by their SHA-256 in hex.
    files: BTreeMap<String, Base64Bytes>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetsVersion {
    /// For what it is, for people.
    pub what: String,
    /// When the office means to publish it. Clients know nothing of that date.
    #[serde(with = "time::serde::rfc3339")]
    pub planned_for: OffsetDateTime,
    /// The metadata.
    pub targets: Targets,
}

/// What one version will distribute.
#[derive(Debug, Clone)]
pub struct Planned {
    /// For what it is, for people.
    pub what: String,
    /// When it is to be published.
    pub planned_for: OffsetDateTime,
    /// All its files.
    pub files: Vec<Target>,
}

/// What clients have now.
#[derive(Debug, Clone)]
pub struct TargetsBefore {
    /// The newest targets.
    pub targets: Signed<Targets>,
    /// Who holds the keys of their role.
    pub holders: Vec<Holder>,
    /// The files that they name.
    pub files: Vec<Target>,
    /// The highest version that a finished ceremony signed. No other has its number.
    pub highest_version: u64,
}

impl TargetsDraft {
    /// Versions that follow those which were signed before, and end when the draft says.
    #[must_use]
    pub fn new(before: TargetsBefore, planned: Vec<Planned>, expires: OffsetDateTime) -> Self {
        let all = planned.iter().flat_map(|each| &each.files);
        let files = all.chain(&before.files).map(|file| {
            let hash = Hashes::of(&file.bytes).sha256;
            (hash, Base64Bytes::from(file.bytes.as_slice()))
        });
        let files = files.collect();
        let numbers = before.highest_version.saturating_add(1)..;
        let versions = planned.into_iter().zip(numbers);
        let versions = versions.map(|(planned, number)| TargetsVersion {
            what: planned.what,
            planned_for: whole_seconds(planned.planned_for),
            targets: Targets::new(number, expires, &planned.files),
        });
        Self {
            versions: versions.collect(),
            before: before.targets,
            holders_before: before.holders,
            files,
        }
    }

    /// The content of a file that one of the versions names.
    #[must_use]
    pub fn file(&self, targets: &Targets, name: &str) -> Option<&[u8]> {
        let hashes = &targets.targets.get(name)?.hashes;
        self.files.get(&hashes.sha256).map(Base64Bytes::as_slice)
    }

    /// Whether a key is one of the role by the root before.
    pub(crate) fn was_held_by(&self, key: &TufKeyId) -> bool {
        self.holders_before.iter().any(|it| it.key_id() == *key)
    }

    /// Checks what the types cannot say: `root` is the one before, and `expires` what the draft says.
    pub(crate) fn check(&self, root: &Root, expires: OffsetDateTime) -> Result<(), Error> {
        self.before.verify(root).map_err(|source| Error::Targets {
            version: self.before.signed.version,
            source,
        })?;
        let named = root.roles.get(Targets::NAME).map(|role| &role.keyids);
        let named: BTreeSet<_> = named.into_iter().flatten().cloned().collect();
        let held: BTreeSet<_> = self.holders_before.iter().map(Holder::key_id).collect();
        if named != held || held.len() != self.holders_before.len() {
            return broken("does not say of each key of the targets role who holds it");
        }
        if self.versions.is_empty() {
            return broken("has no version of the targets to sign");
        }
        let mut last = &self.before.signed;
        for TargetsVersion { targets, .. } in &self.versions {
            if targets.version <= last.version {
                return broken("has versions of the targets that do not follow one another");
            }
            if targets.expires != expires || targets.kind() != Targets::NAME {
                return broken("has a version of the targets with an end of its own");
            }
            last = targets;
        }
        self.check_files()
    }

    /// Each file that is named must be there, and each that is there must be named.
    fn check_files(&self) -> Result<(), Error> {
        let all = self.versions.iter().map(|version| &version.targets);
        let metas = all.chain([&self.before.signed]);
        let metas: Vec<_> = metas.flat_map(|targets| targets.targets.values()).collect();
        for meta in &metas {
            let file = self.files.get(&meta.hashes.sha256);
            let is_it = |bytes: &[u8]| {
                Hashes::of(bytes) == meta.hashes && bytes.len() as u64 == meta.length
            };
            if !file.is_some_and(|file| is_it(file.as_slice())) {
                return broken("lacks a file that a version of the targets names");
            }
        }
        let mut hashes = self.files.keys();
        match hashes.all(|hash| metas.iter().any(|meta| meta.hashes.sha256 == *hash)) {
            true => Ok(()),
            false => broken("has a file that no version of the targets names"),
        }
    }

    /// Refuses versions in which something is taken back that clients have, or that a version before says.
    pub(crate) fn lint(&self) -> Result<(), Error> {
        let mut before = self.trusted_root(&self.before.signed)?;
        for TargetsVersion { targets, .. } in &self.versions {
            let next = self.trusted_root(targets)?;
            check_history(&before, &next).map_err(|source| Error::Targets {
                version: targets.version,
                source,
            })?;
            before = next;
        }
        Ok(())
    }

    fn trusted_root(&self, targets: &Targets) -> Result<TrustedRoot, Error> {
        let bytes = self.file(targets, TRUSTED_ROOT).unwrap_or_default();
        TrustedRoot::parse(bytes).map_err(|source| Error::Targets {
            version: targets.version,
            source,
        })
    }
}

fn broken(what: &str) -> Result<(), Error> {
    Err(Error::Draft(format!("the draft {what}")))
}

const TRUSTED_ROOT: &str = "trusted_root.json";
