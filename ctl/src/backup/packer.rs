//! Puts files of an instance into an archive.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sigstead_archive::{LogRecord, Opening, SourceFile, Writer};
use time::OffsetDateTime;

use super::refusal::unwritten;
use crate::failure::Failure;
use crate::interrupt::Stop;

/// An archive that is being written.
pub(super) struct Packer<'a, W: Write> {
    writer: Writer<W>,
    instance: PathBuf,
    /// As the caller names it.
    archive: &'a Path,
    stop: &'a Stop,
}

/// What an archive is begun with.
pub(super) struct Archive<'a> {
    /// As the caller names it.
    pub(super) place: &'a Path,
    pub(super) passphrase: &'a [u8],
    pub(super) opening: Opening,
}

/// Whether a file that was listed must still be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    /// It goes when its time is over.
    Passing,
}

impl<'a, W: Write> Packer<'a, W> {
    pub(super) fn begin(
        output: W,
        archive: Archive<'a>,
        instance: &Path,
        stop: &'a Stop,
    ) -> Result<Self, Failure> {
        let Archive {
            place,
            passphrase,
            opening,
        } = archive;
        let writer = Writer::begin(output, passphrase, opening);
        Ok(Self {
            writer: writer.map_err(|error| unwritten(place, "the opening", error))?,
            instance: instance.to_owned(),
            archive: place,
            stop,
        })
    }

    /// Adds a file by its path in the instance, through one descriptor: one that is replaced meanwhile is taken as it was
    /// when it was opened, and one that grows up to the length that it had then.
    pub(super) fn file(&mut self, path: &str, presence: Presence) -> Result<(), Failure> {
        let place = self.instance.join(path);
        let file = match open(&place) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && presence == Presence::Passing => {
                return Ok(());
            }
            Err(error) => return Err(Failure::file("read", &place, error)),
        };
        let found = file
            .metadata()
            .map_err(|error| Failure::file("read", &place, error))?;
        if !found.is_file() {
            return Err(strange(&place));
        }
        self.content(path, found.mode(), found.len(), file)
    }

    /// Adds a file of this content.
    pub(super) fn content(
        &mut self,
        path: &str,
        mode: u32,
        length: u64,
        content: impl Read,
    ) -> Result<(), Failure> {
        let added = self.writer.add(SourceFile {
            path,
            mode: mode & 0o777,
            length,
            content: self.stop.watch(content),
        });
        added.map_err(|error| unwritten(self.archive, path, error))
    }

    pub(super) fn finish(
        self,
        ended: OffsetDateTime,
        logs: Vec<LogRecord>,
        outside: Vec<String>,
    ) -> Result<W, Failure> {
        let finished = self.writer.finish(ended, logs, outside);
        finished
            .map(|(output, _)| output)
            .map_err(|error| unwritten(self.archive, "the manifest", error))
    }
}

/// A link would lead out of the instance, and a pipe would hold the backup up.
fn open(place: &Path) -> std::io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(place)
}

/// What is neither file nor folder.
pub(super) fn strange(place: &Path) -> Failure {
    Failure::new(
        "E-CTL-207",
        format!(
            "{} is neither a file nor a folder, or its name is no text",
            place.display()
        ),
        "a backup follows no links and reads no pipes: move it out of the instance, or put the file in its place",
    )
}
