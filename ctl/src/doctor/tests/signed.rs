//! What an instance has signed and stored: made here as its services make it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use sigstead_checkpoint::{Checkpoint, Origin};
use sigstead_journal::{FileJournal, Journal as _, Round};
use sigstead_key::Algorithm;
use sigstead_kit::Clock as _;
use sigstead_merkle::TreeHead;
use sigstead_note::{KeyName, NoteSignature, SignedNote, VerifierKey};
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};
use sigstead_signer::{KeyConfig, PrivateKey, Signer};
use sigstead_trust_root::LogFace;
use sigstead_trust_root::tuf::{Role, Signed, Snapshot, Timestamp, TufKey};

use super::world::{World, wait};
use crate::configured::{Configs, LogPlace};
use crate::instance::Instance;

/// Brings a new instance to where it is after its first start: a snapshot and a timestamp, and a round in each log.
pub(super) fn start(directory: &Path) {
    let instance = Instance::open(directory).unwrap();
    sign_online_roles(&instance);
    for log in Configs::read(&instance).logs() {
        let key = open(&instance, log.service.name(), &log.key);
        store(log, &key, 1);
    }
}

/// A log with one round of `entries` entries, signed with a key, and its anchor.
pub(super) fn store(log: &LogPlace, key: &Arc<dyn Signer>, entries: usize) {
    let now = sigstead_kit::SystemClock.now();
    let mut round = sigstead_journal::conformance::rounds(&[entries]).remove(0);
    round.time_millis = u64::try_from(now.unix_timestamp()).unwrap() * 1_000;
    round.checkpoint = checkpoint(log, key, &round).into();
    let mut journal = FileJournal::open_with(log.data.join("journal"), 4096).unwrap();
    journal.load().unwrap();
    journal.commit(&TreeHead::empty(), &round).unwrap();
    let anchored = Anchored {
        head: round.head,
        time_millis: round.time_millis,
    };
    FileAnchor::new(&log.anchor).store(&anchored).unwrap();
}

fn checkpoint(log: &LogPlace, key: &Arc<dyn Signer>, round: &Round) -> String {
    if log.face == LogFace::CertificateTransparency {
        return "of another form".to_owned();
    }
    let text = Checkpoint::new(Origin::parse(&log.name).unwrap(), round.head).text();
    let name = KeyName::parse(&log.origin).unwrap();
    let verifier = VerifierKey::new(name.clone(), key.public_key().clone());
    let line = NoteSignature {
        name,
        key_id: verifier.key_id(),
        signature: wait(key.sign(text.as_bytes())).unwrap(),
    };
    let signatures = vec![line];
    SignedNote { text, signatures }.encode()
}

/// A key that a configuration in `folder` names.
pub(super) fn open(instance: &Instance, folder: &str, key: &KeyConfig) -> Arc<dyn Signer> {
    let path = key.path().unwrap();
    open_file(instance, &format!("{folder}/{}", path.display()))
}

pub(super) fn open_file(instance: &Instance, path: &str) -> Arc<dyn Signer> {
    let pem = fs::read_to_string(instance.path(path)).unwrap();
    let key = PrivateKey::from_encrypted_pem(&pem, &instance.passphrase().unwrap());
    key.unwrap().into_signer()
}

/// Puts a new key in the place of one, and gives its public half.
pub(super) fn new_key(world: &World, path: &str, algorithm: Algorithm) -> sigstead_key::PublicKey {
    let instance = world.instance();
    let key = PrivateKey::generate(algorithm).unwrap();
    let pem = key.to_encrypted_pem(&instance.passphrase().unwrap());
    write_private(&world.path(path), pem.unwrap().as_bytes());
    key.public_key().clone()
}

pub(super) fn write_private(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn sign_online_roles(instance: &Instance) {
    let now = sigstead_kit::SystemClock.now();
    let snapshot = Snapshot::new(1, now + time::Duration::days(21), 1);
    let snapshot_file = sign(instance, snapshot.clone(), "tuf/keys/snapshot.key").encode();
    let timestamp = Timestamp::new(1, now + time::Duration::days(7), &snapshot, &snapshot_file);
    let timestamp = sign(instance, timestamp, "tuf/keys/timestamp.key");
    write_private(
        &instance.path("tuf/repository/1.snapshot.json"),
        &snapshot_file,
    );
    write_private(
        &instance.path("tuf/repository/timestamp.json"),
        &timestamp.encode(),
    );
}

fn sign<T: Role>(instance: &Instance, role: T, key: &str) -> Signed<T> {
    let key = open_file(instance, key);
    let mut metadata = Signed::unsigned(role);
    let signature = wait(key.sign(&metadata.bytes_to_sign().unwrap())).unwrap();
    metadata.add_signature(&TufKey::new(key.public_key()).unwrap(), &signature);
    metadata
}

/// Changes metadata in the repository and signs it again.
pub(super) fn change<T: Role>(world: &World, file: &str, key: &str, change: impl FnOnce(&mut T)) {
    let path = world.path("tuf/repository").join(file);
    let mut metadata: Signed<T> = Signed::parse(&fs::read(&path).unwrap()).unwrap();
    change(&mut metadata.signed);
    let metadata = sign(&world.instance(), metadata.signed, key);
    fs::write(path, metadata.encode()).unwrap();
}
