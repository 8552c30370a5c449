//! What of an instance lasts, and in which format each of it is.
//!
//! A file in JSON without a number is of format 1, the first. What is newer than this release is refused by its number.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sigstead_config::{ca, oidc};
use sigstead_kit::causes;
use sigstead_store::RecordFile;

use crate::audit;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::format::{self, FIRST, newer};
use crate::instance::{Instance, Manifest, Service};
use crate::rotations;

/// Something that lasts.
#[derive(Debug, Serialize)]
pub(super) struct Component {
    name: String,
    /// The format in which it is; absent where there is none of it yet.
    found: Option<u32>,
    /// The format in which this release writes it.
    writes: u32,
}

impl Component {
    pub(super) fn line(&self) -> String {
        let found = self
            .found
            .map_or_else(|| "none yet".to_owned(), |found| format!("format {found}"));
        format!("  {:<40}  {found}, written as {}", self.name, self.writes)
    }
}

/// All components of an instance; refused if one is newer than this release.
pub(super) fn all(instance: &Instance) -> Result<Vec<Component>, Failure> {
    let mut all = vec![Component {
        name: Instance::FILE.to_owned(),
        found: Some(instance.manifest.version),
        writes: Manifest::VERSION,
    }];
    for log in ConfiguredLog::all(instance)? {
        let journal = log.data.join("journal");
        let found = first_segment(&journal)?
            .map(|path| journal_format(&path))
            .transpose()?;
        all.push(component(
            format!("{}: journal", log.name),
            found,
            &journal,
        )?);
        let found = match log.anchor.exists() {
            true => anchor_format(&log.anchor)?,
            false => None,
        };
        all.push(component(
            format!("{}: anchor", log.name),
            found,
            &log.anchor,
        )?);
    }
    for (name, path) in documents(instance)? {
        let found = path.is_file().then(|| document_format(&path)).transpose()?;
        all.push(component(name, found, &path)?);
    }
    for (name, path) in records(instance)? {
        let found = RecordFile::format(&path);
        let found = found.map_err(|error| Failure::file("read", &path, causes(&error)))?;
        all.push(component(name, found, &path)?);
    }
    Ok(all)
}

fn component(name: String, found: Option<u32>, path: &Path) -> Result<Component, Failure> {
    if let Some(found) = found.filter(|found| *found > FIRST) {
        return Err(newer(path, &format!("format {found}")));
    }
    Ok(Component {
        name,
        found,
        writes: FIRST,
    })
}

/// The files in JSON.
fn documents(instance: &Instance) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut files = vec![("trust state".to_owned(), instance.path("trust/state.json"))];
    for path in listing(&rotations::folder(instance))? {
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push((format!("plan {}", path.display()), path));
        }
    }
    Ok(files)
}

/// The files of records, which have the number in their header.
fn records(instance: &Instance) -> Result<Vec<(String, PathBuf)>, Failure> {
    let folder = instance.service(Service::Oidc);
    let config: oidc::Config = read(&folder)?;
    let mut files = vec![("accounts of oidc".to_owned(), folder.join(config.users))];
    let folder = instance.service(Service::Ca);
    let config: ca::Config = read(&folder)?;
    for path in listing(&folder.join(config.record.path))? {
        let is_lock = path.file_name().is_some_and(|name| name == "lock");
        if path.is_file() && !is_lock {
            let name = path.file_name().unwrap_or_default().display().to_string();
            files.push((format!("issuances: {name}"), path));
        }
    }
    for (writer, path) in audit::files(instance)? {
        files.push((format!("acts of {writer}"), path));
    }
    Ok(files)
}

fn read<T: serde::de::DeserializeOwned>(folder: &Path) -> Result<T, Failure> {
    let path = folder.join("config.yaml");
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

/// What is in a folder, by name; nothing if it is not there.
fn listing(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error| Failure::file("read", folder, error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn first_segment(journal: &Path) -> Result<Option<PathBuf>, Failure> {
    let mut paths = listing(journal)?.into_iter();
    Ok(paths.find(|path| path.extension().is_some_and(|ending| ending == "segment")))
}

fn journal_format(path: &Path) -> Result<u32, Failure> {
    let head = head(path)?;
    let number = head
        .strip_prefix(JOURNAL)
        .and_then(|rest| rest.first_chunk());
    let number = number.ok_or_else(|| newer(path, "no format that is known"))?;
    Ok(u32::from_le_bytes(*number))
}

/// `None` of one that has its room and nothing in it, as before the first entry of a log of certificates.
fn anchor_format(path: &Path) -> Result<Option<u32>, Failure> {
    let head = head(path)?;
    if !head.is_empty() && head.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let number = head.strip_prefix(ANCHOR).and_then(|rest| rest.first());
    let number = number.filter(|digit| digit.is_ascii_digit());
    let number = number.ok_or_else(|| newer(path, "no format that is known"))?;
    Ok(Some(u32::from(number - b'0')))
}

/// The number in a text of JSON; what says none is of the first format.
fn document_format(path: &Path) -> Result<u32, Failure> {
    let json = fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    Ok(format::number(&json).unwrap_or(FIRST))
}

fn head(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file("read", path, error);
    let mut head = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(HEAD).read_to_end(&mut head).map_err(failed)?;
    Ok(head)
}

const JOURNAL: &[u8] = b"sigstead-journal";
const ANCHOR: &[u8] = b"sigstead-anchor";
const HEAD: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_from_what_a_file_begins_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let write = |bytes: &[u8]| fs::write(&path, bytes).unwrap();
        write(b"sigstead-journal\x02\0\0\0rest");
        assert_eq!(journal_format(&path).unwrap(), 2);
        write(b"sigstead-anchor7rest");
        assert_eq!(anchor_format(&path).unwrap(), Some(7));
        write(&[0; 1024]);
        assert_eq!(anchor_format(&path).unwrap(), None);
        for strange in [&b"sigstead-anchorx"[..], b"", b"another"] {
            write(strange);
            assert_eq!(anchor_format(&path).unwrap_err().code(), "E-CTL-392");
            assert_eq!(journal_format(&path).unwrap_err().code(), "E-CTL-392");
        }
        for (text, format) in [
            ("{\n \"operator\": \"a\"\n}\n", 1),
            ("{\n \"operator\": \"a\",\n \"format\": 3\n}\n", 3),
            ("", 1),
        ] {
            write(text.as_bytes());
            assert_eq!(document_format(&path).unwrap(), format, "{text}");
        }
        assert_eq!(
            component("x".to_owned(), Some(2), &path)
                .unwrap_err()
                .code(),
            "E-CTL-392"
        );
        assert_eq!(
            component("x".to_owned(), Some(1), &path).unwrap().found,
            Some(1)
        );
    }
}
