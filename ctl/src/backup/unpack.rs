//! Lays the files of an archive out in a folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use sigstead_archive::{Manifest, Member};

use super::refusal::unread;
use crate::failure::Failure;
use crate::interrupt::Stop;

/// What is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Everything,
    /// What a log can be opened with for reading; no secret is part of it.
    Logs,
}

impl Wanted {
    fn wants(self, path: &str) -> bool {
        let is_of_log = || path.contains("/journal/") || path.contains("/tiles/");
        self == Self::Everything || is_of_log()
    }
}

/// Reads an archive to its end and lays out what is wanted of it below `folder`, which nobody else can look into. What is
/// there after a failure is of no use.
pub(crate) fn unpack(
    archive: &Path,
    passphrase: &[u8],
    folder: &Path,
    wanted: Wanted,
    stop: &Stop,
) -> Result<Manifest, Failure> {
    let opened = File::open(archive).map_err(|error| Failure::file("read", archive, error))?;
    let mut failed = None;
    let read = sigstead_archive::read(stop.watch(opened), passphrase, &mut |member| {
        if !wanted.wants(member.path) {
            return Ok(());
        }
        let place = folder.join(member.path);
        write(&place, member).inspect_err(|error| {
            // Damage of the archive is found while it is copied, and is told as such.
            let is_of_medium = error.get_ref().is_none();
            if is_of_medium {
                failed = Some(Failure::file("write", &place, error));
            }
        })
    });
    read.map_err(|error| failed.unwrap_or_else(|| unread(archive, error)))
}

fn write(place: &Path, member: Member<'_>) -> io::Result<()> {
    let folder = sigstead_durable::parent(place);
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER)
        .create(folder)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(member.mode & OWNER | READABLE)
        .open(place)?;
    io::copy(member.content, &mut file)?;
    file.flush()
}

/// How many bytes the files of a manifest have.
pub(crate) fn content_bytes(manifest: &Manifest) -> u64 {
    manifest.files.iter().map(|file| file.length).sum()
}

/// How long an archive is.
pub(crate) fn length(archive: &Path) -> Result<u64, Failure> {
    let found = fs::metadata(archive).map_err(|error| Failure::file("look at", archive, error))?;
    Ok(found.len())
}

/// What others had of it is not given to them again.
const OWNER: u32 = 0o700;
const READABLE: u32 = 0o400;
