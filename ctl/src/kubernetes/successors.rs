//! The keys of services whose keys follow one another, as their pods have them.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstead_config::successors::{Follows, SuccessorsFile};
use sigstead_config::{ca, oidc, tsa, tuf};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::{KeyConfig, KeyRing};

use super::mounted::{KEYS, mounted_key, place};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::key_files;

/// The keys of a service.
pub(super) struct Successors {
    /// The files that the service opens. Those of keys that are long over may be gone.
    pub(super) files: Vec<PathBuf>,
    /// The file that lists the keys to come, where the chart mounts what it names.
    pub(super) listed: String,
}

/// The keys of a service of an instance; `None` of a service that has one key for ever.
pub(super) fn of(instance: &Instance, service: Service) -> Result<Option<Successors>, Failure> {
    match service {
        Service::Ca => certificate_authority(instance).map(Some),
        Service::Oidc => issuer(instance).map(Some),
        Service::Tsa => timestamp_authority(instance).map(Some),
        Service::Tuf => repository(instance).map(Some),
        _ => Ok(None),
    }
}

fn issuer(instance: &Instance) -> Result<Successors, Failure> {
    let folder = instance.service(Service::Oidc);
    let config: oidc::Config = read_config(&folder)?;
    let mut file: oidc::SuccessorsFile = read(&folder, config.successors_file.as_deref())?;
    let ring = config.ring(&file, SystemClock.now());
    let files = ring.keys().map(|opened| key_file(&folder, opened.key));
    let files = files.collect::<Result<_, _>>()?;
    for successor in &mut file.successors {
        successor.key = mounted_key(&successor.key)?;
    }
    let listed = to_yaml(&file)?;
    Ok(Successors { files, listed })
}

fn certificate_authority(instance: &Instance) -> Result<Successors, Failure> {
    let folder = instance.service(Service::Ca);
    let config: ca::Config = read_config(&folder)?;
    let file = read(&folder, config.successors_file.as_deref())?;
    let files = chained(&folder, config.ring(&file, SystemClock.now()))?;
    with_chains(files, file)
}

fn timestamp_authority(instance: &Instance) -> Result<Successors, Failure> {
    let folder = instance.service(Service::Tsa);
    let config: tsa::Config = read_config(&folder)?;
    let file = read(&folder, config.successors_file.as_deref())?;
    let files = chained(&folder, config.ring(&file, SystemClock.now()))?;
    with_chains(files, file)
}

fn chained(folder: &Path, ring: KeyRing<tsa::KeyAndChain<'_>>) -> Result<Vec<PathBuf>, Failure> {
    let files = ring.keys().flat_map(|opened| {
        let tsa::KeyAndChain { key, chain } = opened.key;
        [key_file(folder, key), Ok(folder.join(chain))]
    });
    files.collect()
}

fn with_chains(files: Vec<PathBuf>, mut file: tsa::SuccessorsFile) -> Result<Successors, Failure> {
    for successor in &mut file.successors {
        successor.key = mounted_key(&successor.key)?;
        successor.chain = place(KEYS, &successor.chain);
    }
    let listed = to_yaml(&file)?;
    Ok(Successors { files, listed })
}

fn repository(instance: &Instance) -> Result<Successors, Failure> {
    let folder = instance.service(Service::Tuf);
    let config: tuf::Config = read_config(&folder)?;
    let mut file: tuf::SuccessorsFile = read(&folder, config.successors_file.as_deref())?;
    let keys = config.online_keys(&file);
    let newest = keys.len().saturating_sub(1);
    let files = keys.iter().enumerate().flat_map(|(position, keys)| {
        let files = [keys.snapshot, keys.timestamp].map(|key| key_file(&folder, key));
        // Those that no root names any more may be gone.
        files.into_iter().filter(move |file| {
            let exists = file.as_ref().is_ok_and(|file| file.exists());
            position == newest || exists || file.is_err()
        })
    });
    let files = files.collect::<Result<_, _>>()?;
    for successor in &mut file.successors {
        successor.snapshot_key = mounted_key(&successor.snapshot_key)?;
        successor.timestamp_key = mounted_key(&successor.timestamp_key)?;
    }
    let listed = to_yaml(&file)?;
    Ok(Successors { files, listed })
}

fn read_config<C: DeserializeOwned>(folder: &Path) -> Result<C, Failure> {
    let path = folder.join("config.yaml");
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

fn read<S: Follows + DeserializeOwned>(
    folder: &Path,
    named: Option<&Path>,
) -> Result<SuccessorsFile<S>, Failure> {
    let path = named.map(|named| folder.join(named));
    let read = SuccessorsFile::read_if_named(path.as_deref());
    read.map_err(|error| Failure::file("read", &path.unwrap_or_default(), error))
}

fn key_file(folder: &Path, key: &KeyConfig) -> Result<PathBuf, Failure> {
    key_files::path(key).map(|path| folder.join(path))
}

fn to_yaml<S: Serialize>(file: &SuccessorsFile<S>) -> Result<String, Failure> {
    sigstead_config::to_yaml(file).map_err(|error| unwritable(&error))
}

fn unwritable(error: &dyn std::fmt::Display) -> Failure {
    Failure::file("write", Path::new(FILE), error)
}

/// Its name in the Secret.
pub(super) const FILE: &str = "successors.yaml";
