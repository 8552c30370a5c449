//! What of an instance lasts, and in which format each of it is.
//!
//! A file without a number is of format 1, the first. A later format has a number, and this command refuses it by that.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sigstead_config::{ca, oidc};

use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
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
        let found = log
            .anchor
            .exists()
            .then(|| anchor_format(&log.anchor))
            .transpose()?;
        all.push(component(
            format!("{}: anchor", log.name),
            found,
            &log.anchor,
        )?);
    }
    for (name, path) in unnumbered(instance)? {
        let found = path.is_file().then(|| text_format(&path)).transpose()?;
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

/// The files in JSON, or in lines of it.
fn unnumbered(instance: &Instance) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut files = vec![("trust state".to_owned(), instance.path("trust/state.json"))];
    for path in listing(&rotations::folder(instance))? {
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push((format!("plan {}", path.display()), path));
        }
    }
    let folder = instance.service(Service::Oidc);
    let config: oidc::Config = read(&folder)?;
    files.push(("accounts of oidc".to_owned(), folder.join(config.users)));
    let folder = instance.service(Service::Ca);
    let config: ca::Config = read(&folder)?;
    let mut segments = listing(&folder.join(config.record.path))?.into_iter();
    let last = segments.rfind(|path| path.is_file());
    files.extend(last.map(|path| ("record of issuances".to_owned(), path)));
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

fn anchor_format(path: &Path) -> Result<u32, Failure> {
    let head = head(path)?;
    let number = head.strip_prefix(ANCHOR).and_then(|rest| rest.first());
    let number = number.filter(|digit| digit.is_ascii_digit());
    let number = number.ok_or_else(|| newer(path, "no format that is known"))?;
    Ok(u32::from(number - b'0'))
}

/// The number in a text of JSON, or in the first line of such.
fn text_format(path: &Path) -> Result<u32, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let file = fs::File::open(path).map_err(|error| failed(&error))?;
    let mut text = BufReader::new(file.take(LONGEST));
    let mut line = String::new();
    text.read_line(&mut line).map_err(|error| failed(&error))?;
    let of_line = serde_json::from_str::<Numbered>(&line).ok();
    let whole = || {
        let mut rest = line.clone();
        text.read_to_string(&mut rest).ok()?;
        serde_json::from_str::<Numbered>(&rest).ok()
    };
    // What cannot be read here is for its own reader to refuse.
    let found = of_line.or_else(whole).and_then(|numbered| numbered.format);
    Ok(found.unwrap_or(FIRST))
}

fn head(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file("read", path, error);
    let mut head = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(HEAD).read_to_end(&mut head).map_err(failed)?;
    Ok(head)
}

fn newer(path: &Path, what: &str) -> Failure {
    Failure::new(
        "E-CTL-392",
        format!(
            "{} has {what}, and this release writes {FIRST}",
            path.display()
        ),
        "use the release that made it, or a later one; nothing was changed",
    )
}

#[derive(serde::Deserialize)]
struct Numbered {
    format: Option<u32>,
}

/// The only format so far of everything here.
const FIRST: u32 = 1;
const JOURNAL: &[u8] = b"sigstead-journal";
const ANCHOR: &[u8] = b"sigstead-anchor";
const HEAD: u64 = 64;
/// More than a line, and than a trust state, has.
const LONGEST: u64 = 8 << 20;

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
        assert_eq!(anchor_format(&path).unwrap(), 7);
        for strange in [&b"sigstead-anchorx"[..], b"", b"another"] {
            write(strange);
            assert_eq!(anchor_format(&path).unwrap_err().code(), "E-CTL-392");
            assert_eq!(journal_format(&path).unwrap_err().code(), "E-CTL-392");
        }
        for (text, format) in [
            ("{\n \"operator\": \"a\"\n}\n", 1),
            ("{\n \"operator\": \"a\",\n \"format\": 3\n}\n", 3),
            ("{\"a\":1}\n{\"format\":9}\n", 1),
            ("{\"format\":4,\"a\":1}\n{\"a\":2}\n", 4),
            ("", 1),
        ] {
            write(text.as_bytes());
            assert_eq!(text_format(&path).unwrap(), format, "{text}");
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
