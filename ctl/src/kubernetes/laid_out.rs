//! The logs of a volume out of a backup, before they are where their pod looks for them.

use std::path::{Path, PathBuf};

use sigstead_archive::Manifest;

use crate::backup::{ProvenLog, Remembered, Volume, prove};
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::interrupt::waiting;

/// Proves the logs that are laid out in a folder, and compares each with its anchor. The service has the logs that the
/// manifest names, in the same order.
pub(super) async fn prove_laid_out(
    volume: &Volume,
    folder: &Path,
    manifest: &Manifest,
) -> Result<(Vec<ConfiguredLog>, Vec<ProvenLog>), Failure> {
    let configured = ConfiguredLog::of_service(volume.service(), volume.config())?;
    refuse_other_logs(volume, &configured, manifest)?;
    let remembered: Vec<_> = configured.iter().map(Remembered::of).collect();
    let proving = prove(folder, &manifest.logs, &remembered);
    let logs = waiting(proving).await?;
    Ok((configured, logs))
}

fn refuse_other_logs(
    volume: &Volume,
    configured: &[ConfiguredLog],
    manifest: &Manifest,
) -> Result<(), Failure> {
    let place = |log: &ConfiguredLog| {
        log.data
            .strip_prefix(volume.root())
            .ok()
            .map(Path::to_owned)
    };
    let wanted = configured
        .iter()
        .map(|log| (log.name.as_str(), log.face, place(log)));
    let held = manifest.logs.iter();
    let held = held.map(|log| {
        (
            log.origin.as_str(),
            log.face,
            Some(PathBuf::from(&log.data)),
        )
    });
    if !wanted.eq(held) {
        return Err(Failure::new(
            "E-CTL-217",
            "the service is configured with other logs than the backup has, or elsewhere on the volume",
            "use the values that the release had when the backup was made",
        ));
    }
    Ok(())
}
