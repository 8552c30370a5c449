//! The logs of an instance as the configurations of its services describe them, whether these run or not.

use std::path::{Path, PathBuf};

use sigstead_config::{ctlog, tlog};

use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The logs of Rekor v1 and v2, in the order in which they were opened.
pub(crate) fn signature_logs(instance: &Instance) -> Result<Vec<tlog::LogConfig>, Failure> {
    let folder = instance.service(Service::Tlog);
    let config: tlog::Config = read(&folder.join("config.yaml"))?;
    let mut logs = config.logs;
    if let Some(opened) = &config.opened_logs {
        for file in descriptions(&folder.join(opened))? {
            logs.push(read(&file)?);
        }
    }
    Ok(logs)
}

/// The certificate transparency log; `None` of an instance that has none of its own.
pub(crate) fn certificate_log(instance: &Instance) -> Result<Option<ctlog::Config>, Failure> {
    if !instance.manifest.ct_log.is_own() {
        return Ok(None);
    }
    let folder = instance.service(Service::Ctlog);
    read(&folder.join("config.yaml")).map(Some)
}

/// The descriptions of logs that were opened while the service ran.
fn descriptions(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let listing = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(failed)?,
    };
    let mut files = Vec::new();
    for file in listing {
        let path = file.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    sigstead_kit::read_config(path).map_err(|error| Failure::file("read", path, error))
}
