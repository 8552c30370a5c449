//! An instance outside that publishes, and the media that carry it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::Signer;
use sigstead_trust_root::Target;
use sigstead_trust_root::tuf::{
    Role, Root, Signed, Snapshot, Targets, Timestamp, TufKey, target_path,
};
use time::{Duration, OffsetDateTime};

use crate::failure::Failure;
use crate::import::trust::{Imported, import};
use crate::trust::Fingerprint;

type Key = Arc<dyn Signer>;

pub(super) struct World {
    pub(super) place: tempfile::TempDir,
    /// That of root and targets, and that of timestamp and snapshot.
    pub(super) people: Key,
    pub(super) service: Key,
    roots: Vec<Signed<Root>>,
    pub(super) end: OffsetDateTime,
}

impl World {
    pub(super) fn new() -> Self {
        let end = SystemClock.now() + Duration::days(30);
        let mut world = Self {
            place: tempfile::tempdir().unwrap(),
            people: key(),
            service: key(),
            roots: Vec::new(),
            end,
        };
        let people = [public(&world.people)];
        let service = [public(&world.service)];
        let root = Root::new(1, end)
            .with_role("root", &people, 1)
            .with_role("targets", &people, 1)
            .with_role("snapshot", &service, 1)
            .with_role("timestamp", &service, 1);
        world.roots.push(signed(root, &[&world.people]));
        world
    }

    /// Signs a successor of the last root, whose service has this key.
    pub(super) fn next_root(&mut self, service: &Key) {
        let before = &self.roots.last().unwrap().signed;
        let service_key = [public(service)];
        let root = before
            .successor(self.end)
            .with_role("snapshot", &service_key, 1)
            .with_role("timestamp", &service_key, 1);
        self.service = Arc::clone(service);
        self.roots.push(signed(root, &[&self.people]));
    }

    /// A medium with all roots and with targets, snapshot and timestamp of that version, whose one file has this content.
    pub(super) fn medium(&self, name: &str, version: u64, content: &str) -> PathBuf {
        self.medium_until(name, version, content, self.end)
    }

    pub(super) fn medium_until(
        &self,
        name: &str,
        version: u64,
        content: &str,
        end: OffsetDateTime,
    ) -> PathBuf {
        let file = Target {
            name: "trusted_root.json".to_owned(),
            bytes: content.as_bytes().to_vec(),
            custom: None,
        };
        let targets = Targets::new(version, self.end, std::slice::from_ref(&file));
        let snapshot = Snapshot::new(version, self.end, version);
        let snapshot_file = signed(snapshot.clone(), &[&self.service]).encode();
        let timestamp = Timestamp::new(version, end, &snapshot, &snapshot_file);
        let folder = self.place.path().join(name);
        fs::create_dir_all(folder.join("targets")).unwrap();
        for root in &self.roots {
            fs::write(folder.join(root.signed.file_name()), root.encode()).unwrap();
        }
        let path = target_path(&file.name, &file.bytes);
        fs::write(folder.join(path), &file.bytes).unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        write(
            &targets.file_name(),
            &signed(targets, &[&self.people]).encode(),
        );
        write(&snapshot.file_name(), &snapshot_file);
        write(
            "timestamp.json",
            &signed(timestamp, &[&self.service]).encode(),
        );
        folder
    }

    /// The first root, as a person inside has it.
    pub(super) fn root(&self) -> PathBuf {
        let path = self.place.path().join("root.json");
        fs::write(&path, self.roots[0].encode()).unwrap();
        path
    }

    pub(super) fn copy(&self) -> PathBuf {
        self.place.path().join("copy")
    }

    /// Imports the first batch.
    pub(super) fn begin(&self, medium: &Path) -> Result<Imported, Failure> {
        block_on(import(medium, Some(&self.root()), &self.copy()))
    }

    pub(super) fn import(&self, medium: &Path) -> Result<Imported, Failure> {
        block_on(import(medium, None, &self.copy()))
    }

    /// Every file of the copy, with its digest.
    pub(super) fn contents(&self) -> BTreeMap<PathBuf, String> {
        contents(&self.copy())
    }

    /// A medium as it was written, to be spoilt.
    pub(super) fn duplicate(&self, medium: &Path) -> PathBuf {
        let other = self.place.path().join("spoilt");
        let _absent = fs::remove_dir_all(&other);
        for path in contents(medium).into_keys() {
            let place = other.join(&path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(medium.join(path), place).unwrap();
        }
        other
    }
}

pub(super) fn contents(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let digest = Fingerprint::of(&fs::read(&path).unwrap()).sha256;
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), digest);
            }
        }
    }
    found
}

pub(super) fn key() -> Key {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

fn public(key: &Key) -> TufKey {
    TufKey::new(key.public_key()).unwrap()
}

fn signed<T: Role>(role: T, keys: &[&Key]) -> Signed<T> {
    let mut metadata = Signed::unsigned(role);
    let message = metadata.bytes_to_sign().unwrap();
    for key in keys {
        let signature = block_on(key.sign(&message)).unwrap();
        metadata.add_signature(&public(key), &signature);
    }
    metadata
}
