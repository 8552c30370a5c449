//! Whether what was laid out is the instance that its manifest speaks of, and can be run.

use std::fs;
use std::path::Path;

use sigstead_archive::Manifest;

use super::volume::refuse_part;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;

/// An instance out of a backup, and its logs.
pub(crate) struct LaidOut {
    pub(crate) instance: Instance,
    /// In the order of the manifest.
    pub(crate) logs: Vec<ConfiguredLog>,
}

/// Opens what is laid out in a folder, and holds its configurations and keys against the manifest.
pub(crate) async fn inspect(folder: &Path, manifest: &Manifest) -> Result<LaidOut, Failure> {
    let opening = &manifest.opening;
    refuse_part(opening)?;
    let instance = Instance::open(folder)?;
    let (name, id) = (&instance.manifest.name, &instance.manifest.id);
    if *name != opening.instance || *id != opening.id {
        return Err(differs(&format!("the instance in it is {name}")));
    }
    let logs = ConfiguredLog::all(&instance)?;
    let configured = logs.iter().map(|log| (log.name.as_str(), log.face));
    let recorded = manifest.logs.iter();
    if !configured.eq(recorded.map(|record| (record.origin.as_str(), record.face))) {
        return Err(differs("its configurations describe other logs"));
    }
    for (log, record) in logs.iter().zip(&manifest.logs) {
        let data = fs::canonicalize(&log.data).ok();
        if data != Some(instance.path(&record.data)) {
            return Err(differs(&format!("{} has its data elsewhere", log.name)));
        }
    }
    if instance.passphrase_file().exists() {
        check_keys(&logs, manifest).await?;
    }
    Ok(LaidOut { instance, logs })
}

/// Whether each log has the key under which its head is signed.
async fn check_keys(logs: &[ConfiguredLog], manifest: &Manifest) -> Result<(), Failure> {
    for (log, record) in logs.iter().zip(&manifest.logs) {
        if log.public_key().await?.to_pem() != record.public_key {
            return Err(differs(&format!("{} has another key", log.name)));
        }
    }
    Ok(())
}

fn differs(why: &str) -> Failure {
    Failure::new(
        "E-CTL-214",
        format!("the backup contradicts itself: {why}"),
        "use another backup; this one was put together by hand",
    )
}
