//! The files of the TUF repository that are made outside of its service: roots, targets, what the targets name, and the page for
//! clients.

use std::fs;
use std::path::Path;

use sigstead_trust_root::ClientPage;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;

/// One of them.
pub(crate) struct PublishedFile {
    /// Without a folder, because a ConfigMap has none.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl PublishedFile {
    /// Whether the next publication has the file with another content. What is signed never changes.
    pub(crate) fn changes(name: &str) -> bool {
        name.starts_with(PAGE)
    }
}

/// Those of an instance; what the service signs itself is not among them.
pub(crate) fn of(instance: &Instance) -> Result<Vec<PublishedFile>, Failure> {
    let repository = instance.service(Service::Tuf).join("repository");
    let mut files = named(&repository, "", is_version)?;
    files.extend(named(&repository.join("targets"), "", |_| true)?);
    let page = repository.join(ClientPage::FOLDER);
    // An instance that was made by an earlier version has none before its next publication.
    if page.is_dir() {
        files.extend(named(&page, PAGE, |_| true)?);
    }
    Ok(files)
}

/// The newest version of the targets among them.
pub(crate) fn newest_targets(files: &[PublishedFile]) -> Option<u64> {
    let versions = files.iter().filter_map(|file| {
        let version = file.name.strip_suffix(".targets.json")?;
        version.parse().ok()
    });
    versions.max()
}

/// The files of a folder that are wanted, with `prefix` before their names. Ours are all of ASCII.
fn named(
    folder: &Path,
    prefix: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PublishedFile>, Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| is_wanted(name) && path.is_file()) else {
            continue;
        };
        let bytes = private::read(&path, LARGEST);
        let bytes = bytes.map_err(|error| Failure::file("read", &path, error))?;
        let name = format!("{prefix}{name}");
        files.push(PublishedFile { name, bytes });
    }
    Ok(files)
}

fn is_version(name: &str) -> bool {
    name.ends_with(".root.json") || name.ends_with(".targets.json")
}

/// Before the names of the page for clients and its files. No other file begins so: a target's begins with its hash, and a
/// version's with its number.
pub(crate) const PAGE: &str = "client_";
/// A ConfigMap holds no more.
const LARGEST: u64 = 1 << 20;
