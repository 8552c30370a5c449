//! What the configurations of an instance name and its folder does not hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_yaml::Value;

use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES};

/// The files and folders outside of the instance that its services use. The anchors are no part of a backup anyway.
pub(super) fn of(instance: &Instance, logs: &[&ConfiguredLog]) -> Result<Vec<String>, Failure> {
    let mut found = BTreeSet::new();
    let passphrase = &instance.manifest.passphrase_file;
    found.extend(outside(instance, instance.directory(), passphrase));
    for service in SERVICES {
        let folder = instance.service(service);
        let config = folder.join("config.yaml");
        let Ok(text) = fs::read_to_string(&config) else {
            // An instance without a CT log of its own has none.
            continue;
        };
        let value: Value =
            serde_yaml::from_str(&text).map_err(|error| Failure::file("read", &config, error))?;
        strings(&value, &mut |text| {
            let path = Path::new(text.strip_prefix("file:").unwrap_or(text));
            found.extend(outside(instance, &folder, path));
        });
    }
    for log in logs {
        // It is found by the path to which it leads.
        let anchor = fs::canonicalize(&log.anchor).unwrap_or_else(|_| log.anchor.clone());
        found.remove(&anchor.display().to_string());
    }
    Ok(found.into_iter().collect())
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
