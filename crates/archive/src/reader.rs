use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::age;
use crate::error::Error;
use crate::manifest::{FORMAT, FileRecord, Manifest, Opening};
use crate::names::{INSTANCE, MANIFEST, OPENING, is_plain};
use crate::stream::Decryptor;

/// A file that comes out of an archive.
pub struct Member<'a> {
    /// Relative to the instance; it goes down only.
    pub path: &'a str,
    /// The permissions that it had.
    pub mode: u32,
    /// In bytes.
    pub length: u64,
    /// The content. It need not be read.
    pub content: &'a mut dyn Read,
}

/// Reads an archive from its first byte to its last, gives `take` each file, and compares all of them with the manifest.
///
/// Every byte that `take` reads was authenticated, but only the end tells whether all files are there: what was made of
/// them counts when this answers `Ok`.
///
/// # Errors
/// What is wrong with the archive, or what `take` answered.
pub fn read(
    input: impl Read,
    passphrase: &[u8],
    take: &mut dyn FnMut(Member<'_>) -> io::Result<()>,
) -> Result<Manifest, Error> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
    let opened = age::open(&mut input, passphrase)?;
    let decryptor = Decryptor::new(opened.payload_key, opened.header_bytes, input);
    let mut archive = tar::Archive::new(decryptor);
    let mut reading = Reading {
        at: OPENING.to_owned(),
        opening: None,
        manifest: None,
        found: BTreeMap::new(),
        take,
    };
    for member in archive.entries().map_err(Error::of)? {
        let done = member.map_err(Error::of).and_then(|it| reading.member(it));
        done.map_err(|error| error.within(&reading.at))?;
    }
    // The last chunk says that nothing was cut off, and an archive may end before it does.
    let rest = io::copy(&mut archive.into_inner(), &mut io::sink());
    rest.map_err(|error| Error::of(error).within(&reading.at))?;
    reading.finish()
}

/// How far the reading is.
struct Reading<'a> {
    /// The member that is being read, or was last.
    at: String,
    opening: Option<Opening>,
    manifest: Option<Manifest>,
    found: BTreeMap<String, Found>,
    take: &'a mut dyn FnMut(Member<'_>) -> io::Result<()>,
}

#[derive(PartialEq, Eq)]
struct Found {
    length: u64,
    sha256: [u8; 32],
}

impl Reading<'_> {
    fn member(&mut self, mut member: tar::Entry<'_, impl Read>) -> Result<(), Error> {
        let name = member.path_bytes().into_owned();
        let name = String::from_utf8(name).map_err(|_| foreign("a name in it is no text"))?;
        if !member.header().entry_type().is_file() {
            return Err(foreign(format!("{name} is not a file")));
        }
        if self.manifest.is_some() {
            return Err(foreign(format!("{name} comes after the manifest")));
        }
        match (name.as_str(), &self.opening) {
            (OPENING, None) => {
                self.opening = Some(opening(&mut member)?);
                Ok(())
            }
            (_, None) => Err(foreign(format!("it begins with {name}"))),
            (MANIFEST, Some(_)) => {
                MANIFEST.clone_into(&mut self.at);
                self.manifest = Some(json(&mut member, MOST_MANIFEST)?);
                Ok(())
            }
            (_, Some(_)) => self.file(&name, member),
        }
    }

    fn file(&mut self, name: &str, mut member: tar::Entry<'_, impl Read>) -> Result<(), Error> {
        let path = name.strip_prefix(INSTANCE).filter(|path| is_plain(path));
        let path =
            path.ok_or_else(|| foreign(format!("{name:?} is no path below the instance")))?;
        path.clone_into(&mut self.at);
        let (mode, length) = (member.header().mode().map_err(Error::of)?, member.size());
        let mut content = Hashed {
            hash: Sha256::new(),
            content: &mut member,
        };
        let taken = (self.take)(Member {
            path,
            mode,
            length,
            content: &mut content,
        });
        // What was not wanted counts too.
        let read = taken.and_then(|()| io::copy(&mut content, &mut io::sink()));
        read.map_err(Error::of)?;
        let found = Found {
            length,
            sha256: content.hash.finalize().into(),
        };
        match self.found.insert(path.to_owned(), found) {
            None => Ok(()),
            Some(_) => Err(differs(path, "it is there twice")),
        }
    }

    fn finish(mut self) -> Result<Manifest, Error> {
        let manifest = self.manifest.take();
        let manifest = manifest.ok_or_else(|| foreign("it has no manifest"))?;
        if let Some(log) = manifest.logs.iter().find(|log| !is_plain(&log.data)) {
            return Err(foreign(format!(
                "{:?} is no path below the instance",
                log.data
            )));
        }
        if Some(&manifest.opening) != self.opening.as_ref() {
            return Err(foreign("its manifest is that of another archive"));
        }
        manifest
            .files
            .iter()
            .try_for_each(|file| self.compare(file))?;
        match self.found.into_keys().next() {
            None => Ok(manifest),
            Some(path) => Err(differs(&path, "the manifest does not name it")),
        }
    }

    fn compare(&mut self, file: &FileRecord) -> Result<(), Error> {
        let found = self.found.remove(&file.path);
        let found = found.ok_or_else(|| differs(&file.path, "it is missing"))?;
        if found.length != file.length {
            let why = format!("it has {} bytes, not {}", found.length, file.length);
            return Err(differs(&file.path, why));
        }
        let sha256 = hex::encode(found.sha256);
        if sha256 != file.sha256 {
            let why = format!("its SHA-256 is {sha256}, not {}", file.sha256);
            return Err(differs(&file.path, why));
        }
        Ok(())
    }
}

/// Reads the opening, of which another format may have changed everything but the number.
fn opening(member: &mut impl Read) -> Result<Opening, Error> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let value: serde_json::Value = json(member, MOST_OPENING)?;
    let unreadable = |error| foreign(format!("its opening: {error}"));
    let Format { format } = Format::deserialize(&value).map_err(unreadable)?;
    if format != FORMAT {
        return Err(Error::Format {
            found: format,
            known: FORMAT,
        });
    }
    Opening::deserialize(value).map_err(unreadable)
}

fn json<T: DeserializeOwned>(member: &mut impl Read, most: u64) -> Result<T, Error> {
    let mut bytes = Vec::new();
    member
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(Error::of)?;
    serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))
}

struct Hashed<R> {
    hash: Sha256,
    content: R,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

fn foreign(why: impl Into<String>) -> Error {
    Error::Foreign { why: why.into() }
}

fn differs(path: &str, why: impl Into<String>) -> Error {
    Error::Differs {
        path: path.to_owned(),
        why: why.into(),
    }
}

const BUFFER_BYTES: usize = 128 << 10;

const MOST_OPENING: u64 = 64 << 10;

/// Some hundred bytes for each of ten million files.
const MOST_MANIFEST: u64 = 2 << 30;

#[cfg(test)]
mod tests;
