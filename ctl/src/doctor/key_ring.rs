//! The keys of an instance, each opened as its service opens it.

use std::path::Path;
use std::time::Duration;

use sigstead_key::PublicKey;
use sigstead_signer::KeyConfig;

use super::bounded::within;
use super::finding::Unseen;
use crate::configured::Configs;
use crate::instance::{Instance, Service};
use crate::operator_key;
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
    /// Where it is; its paths are whole.
    pub(super) config: KeyConfig,
    /// Its public half, or why it does not sign.
    pub(super) opened: Result<PublicKey, String>,
}

impl Key {
    /// Its file, if it is in one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.config.path()
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
            let asked = config.clone();
            let opened = within(PATIENCE, move || open(&asked)).await;
            let opened = opened.unwrap_or_else(|| Err("it does not answer".to_owned()));
            Key {
                role,
                config,
                opened,
            }
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
        keys.push((role, key.in_folder(&folder)));
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
            let folder = instance.service(Service::Tuf);
            let is_gone = key.path().is_some_and(|path| !folder.join(path).exists());
            // Those that no root names any more may be gone.
            if position == newest || !is_gone {
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
        let config = operator_key::config(instance, &path);
        // What a damaged file says is told by its opening.
        let config =
            config.unwrap_or_else(|_| KeyConfig::file(path, Some(instance.passphrase_file())));
        (role, config)
    })
}

/// Opens a key, which proves that it signs.
pub(super) fn open(config: &KeyConfig) -> Result<PublicKey, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let signer = runtime.block_on(sigstead_signer::open(config));
    let signer = signer.map_err(|error| sigstead_kit::causes(&error))?;
    Ok(signer.public_key().clone())
}

/// A key is derived from its passphrase in a tenth of a second, many at a time on a busy machine in more.
const PATIENCE: Duration = Duration::from_secs(20);
