//! The versions of a repository, each looked at as a client does that comes from the one before it.

use std::collections::BTreeSet;
use std::fs;

use sigstead_trust_root::tuf::{Hashes, Role, Root, Signed, Snapshot, Targets, Timestamp};
use sigstead_trust_root::{TrustedRoot, check_history};

use crate::failure::Failure;
use crate::trust::repository::Repository;
use crate::trust::versions::Documents;

/// What was seen on the way from the first version to the newest.
#[derive(Default)]
pub(super) struct Walk {
    /// The roots that can be read, the oldest first.
    pub(super) roots: Vec<Root>,
    /// How many versions of the targets there are.
    pub(super) targets: usize,
    /// How many files they name, each counted once.
    pub(super) files: usize,
    /// What the newest targets distribute.
    pub(super) trusted_root: Option<TrustedRoot>,
    /// What is wrong, a sentence each.
    pub(super) faults: Vec<String>,
}

impl Walk {
    /// 1. Each root is signed as the one before it asks, and as it asks itself.
    /// 2. Each version of the targets is signed as a root asks, and by no older root than the version before it; the newest
    ///    as the newest root asks.
    /// 3. Each file that they name is there, and has the hash that is named.
    /// 4. Each trusted root has all that the one before it had, from the same times, and no end later than before.
    /// 5. The timestamp names the snapshot, and that a version of the targets which is there.
    ///
    /// A version that cannot be read is a fault, and the next one is compared with the last that could.
    pub(super) fn through(repository: &Repository) -> Result<Self, Failure> {
        let mut walk = Self::default();
        walk.walk_roots(repository)?;
        walk.walk_targets(repository)?;
        walk.look_at_the_newest(repository);
        Ok(walk)
    }

    pub(super) fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    fn walk_roots(&mut self, repository: &Repository) -> Result<(), Failure> {
        let versions = repository.versions(Root::NAME)?;
        self.check_numbers(Root::NAME, &versions);
        for version in versions {
            let Some(root) = self.read::<Root>(repository, version) else {
                continue;
            };
            let verified = match self.roots.last() {
                Some(before) => root.verify_successor(before),
                None => root.verify(&root.signed),
            };
            if let Err(error) = verified {
                let why = sigstead_kit::causes(&error);
                self.fault(format!(
                    "root {version} does not follow from the one before it: {why}"
                ));
            }
            self.roots.push(root.signed);
        }
        Ok(())
    }

    fn walk_targets(&mut self, repository: &Repository) -> Result<(), Failure> {
        let versions = repository.versions(Targets::NAME)?;
        self.check_numbers(Targets::NAME, &versions);
        self.targets = versions.len();
        let mut files = BTreeSet::new();
        let mut signed_by = 0;
        let newest = versions.last().copied();
        for version in versions {
            let Some(targets) = self.read::<Targets>(repository, version) else {
                continue;
            };
            let mut later = self.roots.iter().skip(signed_by);
            match later.position(|root| targets.verify(root).is_ok()) {
                Some(position) => signed_by += position,
                None => self.fault(format!("targets {version} are signed as no root asks")),
            }
            if Some(version) == newest {
                self.check_newest(&targets);
            }
            self.check_files(repository, &targets.signed);
            let named = targets.signed.targets.iter();
            files.extend(named.map(|(name, meta)| format!("{}.{name}", meta.hashes.sha256)));
            self.check_trusted_root(repository, &targets.signed);
        }
        self.files = files.len();
        Ok(())
    }

    /// Clients have the newest root by the time that they look at the targets.
    fn check_newest(&mut self, targets: &Signed<Targets>) {
        let is_signed = |root: &Root| targets.verify(root).is_ok();
        let asks_otherwise = self.roots.last().is_some_and(|root| !is_signed(root));
        if asks_otherwise && self.roots.iter().any(is_signed) {
            let version = targets.signed.version;
            self.fault(format!(
                "targets {version} are not signed as the newest root asks"
            ));
        }
    }

    /// Clients take each version after the one that they have.
    fn check_numbers(&mut self, role: &str, versions: &[u64]) {
        let missing: Vec<_> = (1..=versions.last().copied().unwrap_or_default())
            .filter(|version| !versions.contains(version))
            .take(MANY)
            .map(|version| version.to_string())
            .collect();
        if !missing.is_empty() {
            self.fault(format!("{role} {} is not there", missing.join(", ")));
        }
    }

    fn check_files(&mut self, repository: &Repository, targets: &Targets) {
        for name in targets.targets.keys() {
            if let Err(failure) = repository.target(targets, name) {
                let version = targets.version;
                self.fault(format!(
                    "targets {version} name {name}: {}",
                    failure.whole()
                ));
            }
        }
    }

    fn check_trusted_root(&mut self, repository: &Repository, targets: &Targets) {
        // What is missing was told with the files.
        let Ok(Documents { trusted_root, .. }) = Documents::of(repository, targets) else {
            return;
        };
        let follows = self
            .trusted_root
            .as_ref()
            .map_or(Ok(()), |before| check_history(before, &trusted_root));
        if let Err(error) = follows {
            let why = sigstead_kit::causes(&error);
            self.fault(format!(
                "targets {} take something back: {why}",
                targets.version
            ));
        }
        self.trusted_root = Some(trusted_root);
    }

    /// The service writes both, and has not before its first start.
    fn look_at_the_newest(&mut self, repository: &Repository) {
        match repository.metadata::<Timestamp>("timestamp.json") {
            Err(failure) => self.fault(failure.whole()),
            Ok(None) => {}
            Ok(Some(timestamp)) => self.check_timestamp(repository, &timestamp),
        }
    }

    fn check_timestamp(&mut self, repository: &Repository, timestamp: &Signed<Timestamp>) {
        self.check_signed(timestamp);
        let Some(named) = timestamp.signed.snapshot() else {
            return self.fault("the timestamp names no snapshot".to_owned());
        };
        let Some(snapshot) = self.read::<Snapshot>(repository, named.version) else {
            return;
        };
        self.check_signed(&snapshot);
        let file = repository.directory().join(snapshot.signed.file_name());
        if !fs::read(file).is_ok_and(|bytes| Hashes::of(&bytes) == named.hashes) {
            self.fault(format!(
                "snapshot {} is not the one that the timestamp names",
                named.version
            ));
        }
        let targets = snapshot.signed.targets_version().unwrap_or_default();
        if targets == 0 || targets > self.targets as u64 {
            self.fault(format!(
                "the snapshot names targets {targets}, which are not there"
            ));
        }
    }

    /// The service may not have signed again since the newest root.
    fn check_signed<T: Role>(&mut self, metadata: &Signed<T>) {
        if !self.roots.iter().any(|root| metadata.verify(root).is_ok()) {
            self.fault(format!("the {} is signed as no root asks", T::NAME));
        }
    }

    fn read<T: Role>(&mut self, repository: &Repository, version: u64) -> Option<Signed<T>> {
        match repository.version(version) {
            Ok(metadata) => Some(metadata),
            Err(failure) => {
                self.fault(failure.whole());
                None
            }
        }
    }
}

/// As many missing versions are told as anybody reads.
const MANY: usize = 8;
