use std::io::{self, Read, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::age;
use crate::error::Error;
use crate::manifest::{FileRecord, LogRecord, Manifest, Opening};
use crate::names::{INSTANCE, MANIFEST, OPENING, is_plain};
use crate::stream::Encryptor;

/// Writes an archive from its first byte to its last.
pub struct Writer<W: Write> {
    archive: tar::Builder<Encryptor<W>>,
    opening: Opening,
    files: Vec<FileRecord>,
}

/// A file that goes into an archive.
pub struct SourceFile<'a, R> {
    /// Relative to the instance.
    pub path: &'a str,
    /// The permissions, of which a reader keeps those of the owner.
    pub mode: u32,
    /// How much of the content is taken. A file that grows meanwhile is taken up to here.
    pub length: u64,
    /// The content.
    pub content: R,
}

impl<W: Write> Writer<W> {
    /// Begins an archive under a passphrase.
    ///
    /// # Errors
    /// [`Error::Cipher`] without randomness, [`Error::Io`].
    pub fn begin(mut output: W, passphrase: &[u8], opening: Opening) -> Result<Self, Error> {
        let (header, key) = age::begin(passphrase, WORK)?;
        output.write_all(&header).map_err(Error::Io)?;
        let mut writer = Self {
            archive: tar::Builder::new(Encryptor::new(key, output)),
            opening,
            files: Vec::new(),
        };
        writer.add_json(OPENING, &writer.opening.clone())?;
        Ok(writer)
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`Error::Foreign`] for a path that is not below the instance, [`Error::Shrunk`] when the content ends early,
    /// [`Error::Io`] when it cannot be read or the archive not be written.
    pub fn add(&mut self, file: SourceFile<'_, impl Read>) -> Result<(), Error> {
        let path = file.path;
        if !is_plain(path) {
            return Err(Error::Foreign {
                why: format!("{path:?} is no path below the instance"),
            });
        }
        let mut content = Measured {
            rest: file.length,
            hash: Sha256::new(),
            path,
            content: file.content,
        };
        let name = format!("{INSTANCE}{path}");
        append(
            &mut self.archive,
            &name,
            file.mode,
            file.length,
            &mut content,
        )?;
        self.files.push(FileRecord {
            path: path.to_owned(),
            length: file.length,
            sha256: hex::encode(content.hash.finalize()),
        });
        Ok(())
    }

    /// How many files were added, and how many bytes they have.
    #[must_use]
    pub fn written(&self) -> (usize, u64) {
        let bytes = self.files.iter().map(|file| file.length).sum();
        (self.files.len(), bytes)
    }

    /// Writes the manifest and the end.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(
        mut self,
        ended: time::OffsetDateTime,
        logs: Vec<LogRecord>,
        outside: Vec<String>,
    ) -> Result<(W, Manifest), Error> {
        let manifest = Manifest {
            opening: self.opening.clone(),
            ended,
            logs,
            outside,
            files: std::mem::take(&mut self.files),
        };
        self.add_json(MANIFEST, &manifest)?;
        let encryptor = self.archive.into_inner().map_err(Error::of)?;
        let output = encryptor.finish().map_err(Error::of)?;
        Ok((output, manifest))
    }

    fn add_json<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let json = serde_json::to_vec(value).map_err(|error| Error::Io(error.into()))?;
        let length = json.len() as u64;
        append(&mut self.archive, name, PRIVATE, length, json.as_slice())
    }
}

fn append<W: Write>(
    archive: &mut tar::Builder<Encryptor<W>>,
    name: &str,
    mode: u32,
    length: u64,
    content: impl Read,
) -> Result<(), Error> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(mode);
    header.set_size(length);
    let appended = archive.append_data(&mut header, name, content);
    appended.map_err(Error::of)
}

/// The content of a file up to its length, no more and no less.
struct Measured<'a, R> {
    rest: u64,
    hash: Sha256,
    path: &'a str,
    content: R,
}

impl<R: Read> Read for Measured<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.rest).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let Some(place) = buffer.get_mut(..most).filter(|place| !place.is_empty()) else {
            return Ok(0);
        };
        let read = self.content.read(place)?;
        if read == 0 {
            let path = self.path.to_owned();
            return Err(Error::Shrunk { path }.into());
        }
        self.hash.update(place.get(..read).unwrap_or_default());
        self.rest -= read as u64;
        Ok(read)
    }
}

/// As the program age has it: a second of one core and a quarter of a gibibyte for each guess at the passphrase.
const WORK: u8 = 18;

const PRIVATE: u32 = 0o600;
