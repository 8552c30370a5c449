//! What clients find of the instance's trust, as it is on disk.

use std::collections::BTreeMap;

use sigstead_trust_root::tuf::{Hashes, Root, Signed, Snapshot, Targets, Timestamp};
use sigstead_trust_root::{SigningConfig, TrustState, TrustedRoot};

use super::finding::Unseen;
use super::patient::Patient;
use crate::failure::Failure;
use crate::trust::{self, Repository};

/// The repository of the `tuf` service.
pub(super) fn repository(patient: &Patient) -> Result<Repository, Unseen> {
    patient.configs.tuf()?;
    Repository::of(&patient.instance).map_err(unseen)
}

/// The newest root.
pub(super) fn root(patient: &Patient) -> Result<Signed<Root>, Unseen> {
    repository(patient)?.newest_signed().map_err(unseen)
}

/// The newest targets.
pub(super) fn targets(patient: &Patient) -> Result<Signed<Targets>, Unseen> {
    repository(patient)?.newest_signed().map_err(unseen)
}

/// The timestamp and the snapshot that it names; `None` before the first start of the service, which signs them.
pub(super) fn current(patient: &Patient) -> Result<Option<Current>, Unseen> {
    let repository = repository(patient)?;
    let timestamp: Option<Signed<Timestamp>> =
        repository.metadata("timestamp.json").map_err(unseen)?;
    let Some(timestamp) = timestamp else {
        return Ok(None);
    };
    let version = timestamp.signed.snapshot().map(|meta| meta.version);
    let file = format!("{}.snapshot.json", version.unwrap_or_default());
    Ok(Some(Current {
        snapshot: repository.metadata(&file).map_err(unseen)?,
        snapshot_file: patient.file(&repository.directory().join(file)).ok(),
        timestamp,
    }))
}

/// What the service signed last.
pub(super) struct Current {
    pub(super) timestamp: Signed<Timestamp>,
    pub(super) snapshot: Option<Signed<Snapshot>>,
    pub(super) snapshot_file: Option<Vec<u8>>,
}

/// The bytes of a target, if they are what the metadata says.
pub(super) fn target(patient: &Patient, name: &str) -> Result<Vec<u8>, Unseen> {
    let targets = targets(patient)?.signed;
    let meta = targets.targets.get(name);
    let meta = meta.ok_or_else(|| Unseen::new(format!("{name} is not published")))?;
    let file = format!("targets/{}.{name}", meta.hashes.sha256);
    let bytes = patient.file(&repository(patient)?.directory().join(file))?;
    if Hashes::of(&bytes) != meta.hashes {
        return Err(Unseen::new(format!("the published {name} is damaged")));
    }
    Ok(bytes)
}

/// Whose signatures clients believe.
pub(super) fn trusted_root(patient: &Patient) -> Result<TrustedRoot, Unseen> {
    let bytes = target(patient, "trusted_root.json")?;
    TrustedRoot::parse(&bytes).map_err(|error| Unseen::new(sigstead_kit::causes(&error)))
}

/// Where clients sign.
pub(super) fn signing_config(patient: &Patient) -> Result<SigningConfig, Unseen> {
    let bytes = target(patient, "signing_config.v0.2.json")?;
    SigningConfig::parse(&bytes).map_err(|error| Unseen::new(sigstead_kit::causes(&error)))
}

/// The trust state; `None` where it is kept elsewhere.
pub(super) fn state(patient: &Patient) -> Result<Option<TrustState>, Unseen> {
    if !patient.instance.path("trust/state.json").exists() {
        return Ok(None);
    }
    trust::read_state(&patient.instance)
        .map(Some)
        .map_err(unseen)
}

/// The files that the trust state says clients should find, by their names.
pub(super) fn derived(state: &TrustState) -> Result<BTreeMap<String, Vec<u8>>, Unseen> {
    let targets = state.targets();
    let targets = targets.map_err(|error| Unseen::new(sigstead_kit::causes(&error)))?;
    let files = targets.into_iter();
    Ok(files.map(|file| (file.name, file.bytes)).collect())
}

fn unseen(failure: Failure) -> Unseen {
    Unseen::new(failure.whole())
}
