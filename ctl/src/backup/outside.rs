//! What the configurations of an instance name and its folder does not hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES};

/// The files and folders outside of the instance that its services use. The anchors are no part of a backup anyway, nor are the
/// heads of the records of acts that lie with them.
pub(super) fn of(instance: &Instance, logs: &[&ConfiguredLog]) -> Result<Vec<String>, Failure> {
    let mut found = BTreeSet::new();
    let passphrase = &instance.manifest.passphrase_file;
    found.extend(outside(instance, instance.directory(), passphrase));
    for service in SERVICES {
        let folder = instance.service(service);
        let config = folder.join("config.yaml");
        // An instance without a CT log of its own has none.
        if config.exists() {
            let mut reading = Reading {
                instance,
                folder,
                found: &mut found,
            };
            for file in reading.file(&config)? {
                // Successors, issuers, clients and logs that were opened. What they name is no configuration again, and one that
                // its service cannot read either keeps nobody from a backup.
                reading.file(&file).ok();
            }
        }
    }
    let heads = SERVICES.iter().map(|service| service.name());
    let heads = heads.filter_map(|service| instance.manifest.audit_head(service));
    for apart in logs.iter().map(|log| log.anchor.clone()).chain(heads) {
        // It is found by the path to which it leads.
        let apart = fs::canonicalize(&apart).unwrap_or(apart);
        found.remove(&apart.display().to_string());
    }
    Ok(found.into_iter().collect())
}

/// The configuration of a service, which begins its paths at its folder.
struct Reading<'a> {
    instance: &'a Instance,
    folder: PathBuf,
    found: &'a mut BTreeSet<String>,
}

impl Reading<'_> {
    /// Finds what a file names outside of the instance, and returns the configurations that it names inside.
    fn file(&mut self, path: &Path) -> Result<Vec<PathBuf>, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
        let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
        let value: Value = serde_yaml::from_str(&text).map_err(|error| failed(&error))?;
        let mut configurations = Vec::new();
        strings(&value, &mut |text| {
            let path = Path::new(text.strip_prefix("file:").unwrap_or(text));
            match outside(self.instance, &self.folder, path) {
                Some(place) => drop(self.found.insert(place)),
                None => configurations.extend(configurations_at(&self.folder.join(path))),
            }
        });
        Ok(configurations)
    }
}

/// The file at a path, or those of the folder at it, which are configurations by their name.
fn configurations_at(place: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(place).into_iter().flatten().flatten();
    let files = listed.map(|file| file.path());
    let is_configuration =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yaml") && path.is_file();
    let all = files.chain([place.to_owned()]);
    all.filter(is_configuration).collect()
}

/// The place of a path in a configuration, if it is outside and there is something.
fn outside(instance: &Instance, folder: &Path, path: &Path) -> Option<String> {
    let leads_away = path.is_absolute() || path.starts_with("..");
    let place = fs::canonicalize(folder.join(path))
        .ok()
        .filter(|_| leads_away)?;
    let is_inside = place.starts_with(instance.directory());
    (!is_inside).then(|| place.display().to_string())
}

fn strings(value: &Value, take: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Sequence(values) => values.iter().for_each(|value| strings(value, take)),
        Value::Mapping(values) => values.values().for_each(|value| strings(value, take)),
        Value::Tagged(tagged) => strings(&tagged.value, take),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
