//! A line more in a configuration, or another value in one. All else in it stays as its operator wrote it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::replace::replace;

/// A member of a service's configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    service: Service,
    key: &'static str,
    value: &'static str,
}

impl Setting {
    pub(super) const fn new(service: Service, key: &'static str, value: &'static str) -> Self {
        Self {
            service,
            key,
            value,
        }
    }

    pub(super) fn what(&self) -> String {
        let service = self.service.name();
        format!(
            "write `{}: {}` into {service}/config.yaml",
            self.key, self.value
        )
    }

    /// Whether the service has a configuration that lacks it.
    pub(super) fn is_absent(&self, instance: &Instance) -> Result<bool, Failure> {
        let path = self.path(instance);
        if !path.exists() {
            return Ok(false);
        }
        let text = read(&path)?;
        Ok(parse(&path, &text)?
            .get(self.key)
            .is_none_or(Value::is_null))
    }

    pub(super) fn write(&self, instance: &Instance) -> Result<(), Failure> {
        add_line(&self.path(instance), self.key, self.value)
    }

    fn path(&self, instance: &Instance) -> PathBuf {
        instance.service(self.service).join("config.yaml")
    }
}

/// Adds a member at the end of a configuration.
pub(super) fn add_line(path: &Path, key: &str, value: &str) -> Result<(), Failure> {
    let before = read(path)?;
    let end = if before.ends_with('\n') { "" } else { "\n" };
    // A text that looks like a number needs quotes.
    let quoted =
        serde_yaml::to_string(value).map_err(|error| Failure::file("write", path, error))?;
    let after = format!("{before}{end}{key}: {}\n", quoted.trim_end());
    let mut wanted = parse(path, &before)?;
    wanted.insert(key.into(), value.into());
    change(path, &after, &wanted, key)
}

/// Whether a configuration has a member of a name and a value, wherever it is.
pub(super) fn has_value(path: &Path, key: &str, value: &str) -> Result<bool, Failure> {
    let before = Value::Mapping(parse(path, &read(path)?)?);
    let mut without = before.clone();
    substitute(&mut without, key, value, "");
    Ok(without != before)
}

/// Gives the members of a name that have one value another, wherever in a configuration they are.
pub(super) fn change_value(path: &Path, key: &str, old: &str, new: &str) -> Result<(), Failure> {
    let before = read(path)?;
    let lines = before.split_inclusive('\n').map(|line| {
        let member = line.trim().trim_start_matches("- ");
        let value = member
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(": "));
        match value.map(|value| value.trim_matches(['"', '\''])) {
            Some(value) if value == old => line.replacen(old, new, 1),
            _ => line.to_owned(),
        }
    });
    let after: String = lines.collect();
    if after == before {
        return Err(by_hand(path, key));
    }
    let mut wanted = Value::Mapping(parse(path, &before)?);
    substitute(&mut wanted, key, old, new);
    match wanted {
        Value::Mapping(wanted) => change(path, &after, &wanted, key),
        _ => Err(by_hand(path, key)),
    }
}

fn substitute(value: &mut Value, key: &str, old: &str, new: &str) {
    match value {
        Value::Mapping(members) => {
            for (name, member) in members.iter_mut() {
                match member.as_str() {
                    Some(text) if name.as_str() == Some(key) && text == old => *member = new.into(),
                    _ => substitute(member, key, old, new),
                }
            }
        }
        Value::Sequence(values) => values
            .iter_mut()
            .for_each(|value| substitute(value, key, old, new)),
        _ => {}
    }
}

/// Replaces a configuration, if the new text says what is wanted and nothing else.
fn change(path: &Path, text: &str, wanted: &Mapping, key: &str) -> Result<(), Failure> {
    let says = parse(path, text).is_ok_and(|found| found == *wanted);
    if !says {
        return Err(by_hand(path, key));
    }
    replace(path, text.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Mapping, Failure> {
    serde_yaml::from_str(text).map_err(|error| Failure::file("read", path, error))
}

pub(super) fn by_hand(path: &Path, key: &str) -> Failure {
    Failure::new(
        "E-CTL-393",
        format!(
            "{} is written in a way in which {key} cannot be changed in it",
            path.display()
        ),
        "change it by hand as docs/upgrading.md says, then run the command again; the steps before were taken",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_line_is_added_and_all_else_stays() {
        for text in ["# a remark\na: 1\nb: [x, y] # another\n", "a: 1"] {
            let (_folder, path) = file(text);
            add_line(&path, "c", "d.yaml").unwrap();
            let after = fs::read_to_string(&path).unwrap();
            assert!(
                after.starts_with(text) && after.ends_with("c: d.yaml\n"),
                "{after}"
            );
        }
        // Where a line more would say something else.
        for text in ["{a: 1}\n", "c: 1\n", "a: 1\n...\n"] {
            let (_folder, path) = file(text);
            assert_eq!(
                add_line(&path, "c", "d.yaml").unwrap_err().code(),
                "E-CTL-393",
                "{text}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_value_is_changed_where_it_is_and_nowhere_else() {
        let text =
            "logs:\n- anchor: anchors/one # here\n  data: anchors/one\n- anchor: \"anchors/two\"\n";
        let (_folder, path) = file(&text.replace(" # here", ""));
        change_value(&path, "anchor", "anchors/one", "/a/one").unwrap();
        change_value(&path, "anchor", "anchors/two", "/a/two").unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert_eq!(
            after,
            "logs:\n- anchor: /a/one\n  data: anchors/one\n- anchor: \"/a/two\"\n"
        );
        assert!(has_value(&path, "anchor", "/a/two").unwrap());
        assert!(!has_value(&path, "anchor", "anchors/one").unwrap());
        assert_eq!(
            change_value(&path, "anchor", "absent", "y")
                .unwrap_err()
                .code(),
            "E-CTL-393"
        );
        let (_folder, path) = file("logs: [{anchor: x}]\n");
        let refused = change_value(&path, "anchor", "x", "y").unwrap_err();
        assert_eq!(refused.code(), "E-CTL-393");
    }
}
