//! How a log is opened: its name, its place, its key, and what clients are told of it.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use sigstead_config::Origin;
use sigstead_config::tlog::LogConfig;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_proto::admin::v1::{self as wire, LogInfo, OpenLogRequest};
use sigstead_signer::{KeyConfig, PrivateKey, Signer};
use sigstead_trust_root::{LogFace, LogState, TimeRange};

use super::asked;
use super::ended::log_id;
use super::name::host;
use crate::failure::Failure;
use crate::init::configuration::key_config;
use crate::init::now;
use crate::init::secret::Vault;
use crate::init::trust::rekor_v1_host;
use crate::instance::{Instance, Service};
use crate::key::{KeyRole, open_or_make};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Face {
    /// Rekor v1: a new shard, which goes on numbering where the one before ends.
    RekorV1,
    /// Rekor v2: a log with a host name of its own.
    RekorV2,
}

impl Face {
    /// As it is typed, and in the names of files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RekorV1 => "rekor-v1",
            Self::RekorV2 => "rekor-v2",
        }
    }

    /// That of a log which runs.
    pub(crate) fn of(log: &LogInfo) -> Self {
        match log.face() {
            wire::LogFace::RekorV1 => Self::RekorV1,
            _ => Self::RekorV2,
        }
    }

    const fn key_role(self) -> KeyRole {
        match self {
            Self::RekorV1 => KeyRole::RekorV1,
            Self::RekorV2 => KeyRole::RekorV2,
        }
    }

    pub(super) const fn on_the_wire(self) -> wire::LogFace {
        match self {
            Self::RekorV1 => wire::LogFace::RekorV1,
            Self::RekorV2 => wire::LogFace::RekorV2,
        }
    }
}

/// A log that is to be opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) face: Face,
    /// In the folder of the service.
    pub(crate) name: &'a str,
    /// Where its key is, if it is in no file there.
    pub(crate) key_at: Option<&'a KeyConfig>,
}

impl Place<'_> {
    /// The key as the configuration of the service names it.
    fn key(&self, instance: &Instance) -> KeyConfig {
        let in_file = || key_config(instance, &format!("keys/{}.key", self.name));
        self.key_at.cloned().unwrap_or_else(in_file)
    }
}

/// Has the service open a log with the key at its place, which is made unless an earlier run made it.
pub(crate) async fn open(
    instance: &Instance,
    place: Place<'_>,
    config: &LogConfig,
) -> Result<(LogInfo, KeyConfig), Failure> {
    let request = request(config)?;
    // Before the key is made: without a connection nothing was asked.
    let mut client = super::connect_for_changes(instance).await?;
    let signer = key(instance, place).await?;
    let key = place
        .key(instance)
        .in_folder(&instance.service(Service::Tlog));
    let log = asked::open(&mut client, request, signer.public_key(), &key).await?;
    Ok((log, key))
}

/// The key at a place, which is made unless an earlier run made it.
pub(crate) async fn key(instance: &Instance, place: Place<'_>) -> Result<Arc<dyn Signer>, Failure> {
    if let Some(at) = place.key_at {
        return open_or_make(at, place.face.key_role(), ALGORITHM).await;
    }
    let path = key_file(instance, place.name);
    let vault = Vault::open(instance)?;
    let key = match path.exists() {
        true => vault.open_key(&path),
        false => vault.make(&path, ALGORITHM),
    };
    key.map(PrivateKey::into_signer)
}

/// Removes the key at a place of which no log was opened. One that is elsewhere stays, for who looks after that place.
pub(crate) fn remove_key(instance: &Instance, place: &str) -> Result<(), Failure> {
    let path = key_file(instance, place);
    match path.exists() {
        false => Ok(()),
        true => {
            sigstead_durable::remove(&path).map_err(|error| Failure::file("remove", &path, error))
        }
    }
}

fn request(config: &LogConfig) -> Result<OpenLogRequest, Failure> {
    let config_yaml = sigstead_config::to_yaml(config)
        .map_err(|error| Failure::service("tlog", "the new log", error))?;
    Ok(OpenLogRequest {
        config_yaml,
        // Shards number their entries through, so no two take entries at once. Clients of Rekor v2 go on with the
        // predecessor until they know the new key; it is frozen by a command of its own.
        freeze_predecessor: config.face == sigstead_config::tlog::Face::RekorV1,
        predecessor: String::new(),
    })
}

/// The log as clients are told of it.
pub(crate) fn trusted(instance: &Instance, log: &LogInfo) -> Result<LogState, Failure> {
    let key = PublicKey::from_spki_der(&log.public_key)
        .map_err(|error| Failure::service("tlog", &log.origin, error))?;
    Ok(LogState {
        face: match log.face() {
            wire::LogFace::RekorV1 => LogFace::RekorV1,
            _ => LogFace::RekorV2,
        },
        base_url: format!("https://{}", host(&log.origin)),
        url: instance.manifest.log_url(Service::Tlog, host(&log.origin)),
        public_key: key.spki_der().into(),
        log_id: log_id(log).as_slice().into(),
        valid_for: TimeRange::since(now()),
        in_service: true,
        offered: None,
    })
}

/// A shard of Rekor v1 at a place, with a number that no other has.
pub(crate) fn describe_v1(
    instance: &Instance,
    place: Place<'_>,
    tree_id: NonZeroU64,
) -> Result<LogConfig, Failure> {
    let host = rekor_v1_host(&instance.manifest)?;
    let (key, data, anchor) = files(instance, place);
    Ok(LogConfig::rekor_v1(host, tree_id, key, data, anchor))
}

/// A log of Rekor v2 at a place.
pub(crate) fn describe_v2(
    instance: &Instance,
    place: Place<'_>,
    origin: Origin,
) -> Result<LogConfig, Failure> {
    let (key, data, anchor) = files(instance, place);
    Ok(LogConfig::rekor_v2(origin, key, data, anchor))
}

/// Where the key, the data and the anchor of a log are.
fn files(instance: &Instance, place: Place<'_>) -> (KeyConfig, PathBuf, PathBuf) {
    let anchors = instance.manifest.anchors.as_deref();
    let anchor = anchors.unwrap_or_else(|| Path::new("anchors"));
    let data = PathBuf::from(place.name);
    (place.key(instance), data, anchor.join(place.name))
}

pub(super) fn unnamed(what: &str) -> Failure {
    Failure::new(
        "E-CTL-012",
        what,
        "write a host name that no log had before with --origin",
    )
}

/// The name after that of the newest log, which `sigctl init` names by a year and a number.
pub(crate) fn next_origin(origins: &[&str]) -> Option<String> {
    let (stem, rest) = origins.last()?.split_once('.')?;
    let (stem, number) = stem.rsplit_once('-')?;
    let number: u32 = number.parse().ok()?;
    let mut names = (number.checked_add(1)?..).map(|number| format!("{stem}-{number}.{rest}"));
    names.find(|name| !origins.contains(&name.as_str()))
}

/// A name in the folder of the service that no log has had yet.
pub(crate) fn free_place(instance: &Instance, face: Face) -> Result<String, Failure> {
    let face = face.name();
    let folder = instance.service(Service::Tlog);
    let is_free =
        |place: &String| !key_file(instance, place).exists() && !folder.join(place).exists();
    let mut places = (2_u16..).map(|number| format!("{face}-{number}"));
    let place = places.find(is_free);
    place.ok_or_else(|| Failure::file("name a log in", &folder, "all numbers are taken"))
}

fn key_file(instance: &Instance, place: &str) -> PathBuf {
    let folder = instance.service(Service::Tlog);
    folder.join("keys").join(format!("{place}.key"))
}

/// What every client takes for a log.
const ALGORITHM: Algorithm = Algorithm::EcdsaP256Sha256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_after_the_one_before_it() {
        let table: [(&[&str], Option<&str>); 5] = [
            (&["log2026-1.rekor.acme"], Some("log2026-2.rekor.acme")),
            (
                &[
                    "log2026-2.rekor.acme",
                    "log2026-3.rekor.acme",
                    "log2026-1.rekor.acme",
                ],
                Some("log2026-4.rekor.acme"),
            ),
            (&["rekor.acme"], None),
            (&["log-x.acme"], None),
            (&[], None),
        ];
        for (origins, expected) in table {
            assert_eq!(next_origin(origins).as_deref(), expected, "{origins:?}");
        }
    }
}
