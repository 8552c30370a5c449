//! The logs of an instance as their pod has them: names, numbers and the rest as they are, files where the chart mounts them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sigstead_config::tlog::{LogConfig, WitnessConfig};

use super::mounted::{ANCHORS, DATA, KEYS, mounted_key, place};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::key_files;
use crate::log_configs;

/// All logs of Rekor v1 and v2, those too that were opened while the service ran.
pub(super) struct Logs(Vec<LogConfig>);

impl Logs {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let logs = log_configs::signature_logs(instance)?;
        let data = logs.iter().map(|log| log.data.as_path());
        each_has_its_own(Service::Tlog, data)?;
        let anchors = logs.iter().map(|log| log.anchor.as_path());
        each_has_its_own(Service::Tlog, anchors)?;
        let logs = Self(logs);
        each_has_its_own(Service::Tlog, logs.secrets()?.into_iter())?;
        Ok(logs)
    }

    /// The files that the service reads: the keys, and the policies of witnesses, which logs may share.
    pub(super) fn files(&self, instance: &Instance) -> Result<Vec<PathBuf>, Failure> {
        let folder = instance.service(Service::Tlog);
        let secrets = self.secrets()?.into_iter();
        Ok(secrets.map(|file| folder.join(file)).collect())
    }

    /// The logs as the chart's values have them.
    pub(super) fn mounted(self) -> Result<Vec<Value>, Failure> {
        self.0.into_iter().map(mounted).collect()
    }

    fn secrets(&self) -> Result<BTreeSet<&Path>, Failure> {
        let keys = self.0.iter().map(|log| key_files::path(&log.key));
        let witnesses = self.0.iter().filter_map(|log| log.witnesses.as_ref());
        let policies = witnesses.map(|witnesses| Ok(witnesses.policy.as_path()));
        keys.chain(policies).collect()
    }
}

/// A volume, a Secret and a ConfigMap have no folders here, so that files are told apart by their names alone.
pub(super) fn each_has_its_own<'a>(
    service: Service,
    paths: impl Iterator<Item = &'a Path>,
) -> Result<(), Failure> {
    let mut known: BTreeMap<&OsStr, &Path> = BTreeMap::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        if let Some(other) = known.insert(name, path) {
            return Err(Failure::new(
                "E-CTL-112",
                format!(
                    "{} and {} of the {} service have one name in the cluster",
                    other.display(),
                    path.display(),
                    service.name()
                ),
                "give them names that differ in their last part, in the configuration of the service",
            ));
        }
    }
    Ok(())
}

fn mounted(log: LogConfig) -> Result<Value, Failure> {
    let key = mounted_key(&log.key)?;
    let witnesses = log.witnesses.map(|witnesses| WitnessConfig {
        policy: place(KEYS, &witnesses.policy),
        ..witnesses
    });
    let log = LogConfig {
        key,
        data: place(DATA, &log.data),
        anchor: place(ANCHORS, &log.anchor),
        witnesses,
        ..log
    };
    let number = log.tree_id;
    let mut log = serde_json::to_value(log)
        .map_err(|error| Failure::file("write", Path::new("values.yaml"), error))?;
    // Helm reads numbers as floating point, which has no room for these.
    if let (Some(log), Some(number)) = (log.as_object_mut(), number) {
        log.insert("tree_id".to_owned(), number.to_string().into());
    }
    Ok(log)
}
