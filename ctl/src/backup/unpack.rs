//! Lays the files of an archive out in a folder.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sigstead_archive::{Manifest, Member};
use tokio::runtime::Handle;

use super::place::Place;
use super::refusal::unread;
use crate::failure::Failure;
use crate::interrupt::{Stop, blocking};

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

/// What is laid out, and where to: a folder that nobody else can look into.
pub(crate) struct Layout {
    pub(crate) place: Place,
    pub(crate) passphrase: Vec<u8>,
    pub(crate) folder: PathBuf,
    pub(crate) wanted: Wanted,
}

impl Layout {
    /// Lays out on a thread of its own, until a signal comes.
    pub(crate) async fn unpack(self) -> Result<Manifest, Failure> {
        let runtime = Handle::current();
        blocking(move |stop| unpack(&self, &runtime, stop)).await
    }
}

/// Reads an archive to its end and lays out what is wanted of it. What is there after a failure is of no use.
pub(super) fn unpack(layout: &Layout, runtime: &Handle, stop: &Stop) -> Result<Manifest, Failure> {
    let (folder, wanted) = (&layout.folder, layout.wanted);
    let (opened, broken) = layout.place.open(runtime, stop)?;
    let mut failed = None;
    let read = sigstead_archive::read(stop.watch(opened), &layout.passphrase, &mut |member| {
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
    read.map_err(|error| {
        let known = broken.take().or(failed);
        known.unwrap_or_else(|| unread(&layout.place.shown(), error))
    })
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

/// What others had of it is not given to them again.
const OWNER: u32 = 0o700;
const READABLE: u32 = 0o400;
