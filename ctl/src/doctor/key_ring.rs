//! The keys of an instance, each opened as its service opens it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sigstead_key::PublicKey;
use sigstead_signer::{KeyConfig, KeyUri};

use super::bounded::within;
use super::configs::Configs;
use super::finding::Unseen;
use crate::instance::{Instance, Service};
use crate::trust::{ROOT_KEY, TARGETS_KEY};

/// What a key is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Ca,
    Tsa,
    Oidc,
    /// That of the log with this name.
    Log(String),
    Snapshot,
    Timestamp,
    Root,
    Targets,
}

/// A key that something of the instance signs with.
pub(super) struct Key {
    pub(super) role: Role,
    pub(super) path: PathBuf,
    /// Its public half, or why it does not sign.
    pub(super) opened: Result<PublicKey, String>,
}

impl Key {
    /// Whether a service opens it, and not only `sigctl`.
    pub(super) fn is_of_a_service(&self) -> bool {
        !matches!(self.role, Role::Root | Role::Targets)
    }
}

/// How a key is opened; gives its public half.
pub(super) type Open = fn(&KeyConfig) -> Result<PublicKey, String>;

/// All keys that were found.
pub(super) struct KeyRing(Vec<Key>);

impl KeyRing {
    /// Opens all keys at once: each takes a moment on purpose.
    pub(super) async fn open(instance: &Instance, configs: &Configs, open: Open) -> Self {
        let places = places(instance, configs).into_iter();
        let keys = places.map(|(role, config)| async move {
            let KeyUri::File(path) = &config.uri;
            let path = path.clone();
            let opened = within(PATIENCE, move || open(&config)).await;
            let opened = opened.unwrap_or_else(|| Err("its file does not answer".to_owned()));
            Key { role, path, opened }
        });
        Self(futures::future::join_all(keys).await)
    }

    pub(super) fn all(&self) -> &[Key] {
        &self.0
    }

    /// The public halves of all keys of a role that sign.
    pub(super) fn all_of<'a>(&'a self, role: &'a Role) -> impl Iterator<Item = &'a PublicKey> {
        let keys = self.0.iter().filter(move |key| key.role == *role);
        keys.filter_map(|key| key.opened.as_ref().ok())
    }

    /// The public half of a key that signs.
    pub(super) fn of(&self, role: &Role) -> Result<&PublicKey, Unseen> {
        let key = self.0.iter().find(|key| key.role == *role);
        let opened = key.and_then(|key| key.opened.as_ref().ok());
        opened.ok_or_else(|| Unseen::new(format!("the key of {} does not sign", name(role))))
    }
}

/// As people call it.
fn name(role: &Role) -> &str {
    match role {
        Role::Ca => "the certificate authority",
        Role::Tsa => "the timestamp authority",
        Role::Oidc => "the issuer",
        Role::Log(name) => name,
        Role::Snapshot => "the snapshot role",
        Role::Timestamp => "the timestamp role",
        Role::Root => "the root role",
        Role::Targets => "the targets role",
    }
}

fn places(instance: &Instance, configs: &Configs) -> Vec<(Role, KeyConfig)> {
    let mut keys = Vec::new();
    let mut add = |role, service, key: &KeyConfig| {
        let folder = instance.service(service);
        keys.push((role, absolute(&folder, key)));
    };
    if let Ok(config) = configs.ca() {
        add(Role::Ca, Service::Ca, &config.key);
    }
    if let Ok(config) = configs.tsa() {
        add(Role::Tsa, Service::Tsa, &config.key);
    }
    if let Ok(config) = configs.oidc() {
        add(Role::Oidc, Service::Oidc, &config.key);
    }
    for log in configs.logs() {
        add(Role::Log(log.name.clone()), log.service, &log.key);
    }
    let online = configs.online_keys().unwrap_or_default();
    let newest = online.len().saturating_sub(1);
    for (position, keys) in online.into_iter().enumerate() {
        for (role, key) in [
            (Role::Snapshot, keys.snapshot),
            (Role::Timestamp, keys.timestamp),
        ] {
            let KeyUri::File(path) = &key.uri;
            // Those that no root names any more may be gone.
            if position == newest || instance.service(Service::Tuf).join(path).exists() {
                add(role, Service::Tuf, key);
            }
        }
    }
    keys.extend(operators(instance));
    keys
}

/// The keys of the operator, as far as they are on this machine: they may be kept elsewhere.
fn operators(instance: &Instance) -> impl Iterator<Item = (Role, KeyConfig)> {
    let places = [(Role::Root, ROOT_KEY), (Role::Targets, TARGETS_KEY)].into_iter();
    let places = places.map(|(role, place)| (role, instance.path(place)));
    let there = places.filter(|(_, path)| path.exists());
    there.map(|(role, path)| {
        let config = KeyConfig {
            uri: KeyUri::File(path),
            passphrase_file: Some(instance.passphrase_file()),
        };
        (role, config)
    })
}

/// The key by paths that do not depend on where this program runs.
fn absolute(folder: &Path, key: &KeyConfig) -> KeyConfig {
    let KeyUri::File(path) = &key.uri;
    let passphrase_file = key.passphrase_file.as_deref();
    KeyConfig {
        uri: KeyUri::File(folder.join(path)),
        passphrase_file: passphrase_file.map(|file| folder.join(file)),
    }
}

/// Opens a key, which proves that it signs.
pub(super) fn open(config: &KeyConfig) -> Result<PublicKey, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| error.to_string())?;
    let signer = runtime.block_on(sigstead_signer::open(config));
    let signer = signer.map_err(|error| sigstead_kit::causes(&error))?;
    Ok(signer.public_key().clone())
}

/// A key is derived from its passphrase in a tenth of a second, many at a time on a busy machine in more.
const PATIENCE: Duration = Duration::from_secs(20);
