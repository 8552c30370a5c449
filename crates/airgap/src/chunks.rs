use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::Digest as _;

use crate::error::Error;
use crate::name::{FileName, Sha256};
use crate::placement;
use crate::record::FileRecord;

/// A file that is read a chunk at a time.
pub(crate) struct Chunks<'a> {
    /// Where each volume is.
    volumes: &'a BTreeMap<u32, PathBuf>,
    record: &'a FileRecord,
    piece: usize,
    open: Option<io::Take<File>>,
    left: u64,
    hash: sha2::Sha256,
}

impl<'a> Chunks<'a> {
    /// The bytes of a file whose pieces are in those volumes.
    pub(crate) fn of(record: &'a FileRecord, volumes: &'a BTreeMap<u32, PathBuf>) -> Self {
        Self {
            volumes,
            record,
            piece: 0,
            open: None,
            left: 0,
            hash: sha2::Sha256::new(),
        }
    }

    /// The next `length` bytes, or those up to the end of a piece; `None` at the end, if the file was what the list says.
    pub(crate) fn next(&mut self, length: usize) -> Result<Option<Vec<u8>>, Error> {
        while self.left == 0 {
            if !self.next_piece()? {
                let hash = Sha256::finish(std::mem::take(&mut self.hash));
                return match hash == self.record.sha256 {
                    true => Ok(None),
                    false => Err(damaged(&self.record.name)),
                };
            }
        }
        let failed = |error| Error::file(Path::new(self.record.name.as_str()), error);
        let mut chunk = Vec::new();
        let open = self
            .open
            .as_mut()
            .ok_or_else(|| damaged(&self.record.name))?;
        open.take(length as u64)
            .read_to_end(&mut chunk)
            .map_err(failed)?;
        if chunk.is_empty() {
            return Err(damaged(&self.record.name));
        }
        self.hash.update(&chunk);
        self.left = self.left.saturating_sub(chunk.len() as u64);
        Ok(Some(chunk))
    }

    fn next_piece(&mut self) -> Result<bool, Error> {
        let Some(piece) = self.record.pieces.get(self.piece) else {
            return Ok(false);
        };
        let place = self.volumes.get(&piece.volume);
        let place = place.ok_or_else(|| damaged(&self.record.name))?;
        let path = place.join(placement::path(self.record, self.piece));
        let file = open(&path).map_err(|error| Error::file(&path, error))?;
        self.open = Some(file.take(piece.size));
        self.left = piece.size;
        self.piece += 1;
        Ok(true)
    }
}

/// Opens a regular file. A link is not followed, and a pipe is not waited for.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    let options = options.read(true).custom_flags(flags.bits().cast_signed());
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no regular file")),
    }
}

fn damaged(name: &FileName) -> Error {
    Error::Damaged { name: name.clone() }
}
