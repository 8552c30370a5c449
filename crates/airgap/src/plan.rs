use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::Digest as _;

use crate::error::{Error, FormError};
use crate::manifest::MOST_VOLUMES;
use crate::name::{BUFFER, Sha256, copy};
use crate::placement::{self, MANIFEST, SIGNATURES, volume_name};
use crate::record::{FileRecord, Piece};
use crate::source::Source;

/// Which file goes into which volume.
#[derive(Debug)]
pub struct Plan {
    /// In the order of their names, each with its pieces: the volume, and how many bytes of it.
    placed: Vec<(Source, Vec<(u32, u64)>)>,
    volumes: u32,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The records of all files.
    pub files: Vec<FileRecord>,
    /// How many bytes were written.
    pub bytes: u64,
    /// How many were there already.
    pub kept: u64,
}

impl Plan {
    /// Divides files among volumes of at most `volume_bytes`, with the list that is on each medium. A file is cut only if it is
    /// longer than a volume.
    ///
    /// # Errors
    /// If a volume has no room for the list, or there would be too many.
    pub fn new(mut sources: Vec<Source>, volume_bytes: Option<u64>) -> Result<Self, Error> {
        sources.sort_by(|one, other| one.name.cmp(&other.name));
        let room = match volume_bytes {
            Some(bytes) => room(&sources, bytes)?,
            None => u64::MAX,
        };
        let (mut volume, mut left) = (1, room);
        let mut placed = Vec::new();
        for source in sources {
            if source.size > left && left < room {
                (volume, left) = (volume + 1, room);
            }
            let (mut pieces, mut rest) = (Vec::new(), source.size);
            loop {
                let size = rest.min(left);
                pieces.push((volume, size));
                (rest, left) = (rest - size, left - size);
                if rest == 0 {
                    break;
                }
                (volume, left) = (volume + 1, room);
                if volume as usize > MOST_VOLUMES {
                    break;
                }
            }
            placed.push((source, pieces));
        }
        if volume as usize > MOST_VOLUMES {
            return Err(too_many());
        }
        Ok(Self {
            placed,
            volumes: volume,
        })
    }

    /// How many volumes there are.
    #[must_use]
    pub const fn volumes(&self) -> u32 {
        self.volumes
    }

    /// Writes the files below `out`, which may have some of them from an attempt that stopped: what is there and right is kept. The
    /// list is for the caller to write, last.
    ///
    /// # Errors
    /// If `out` has what is no part of this, or a file cannot be read or written.
    pub fn write(&self, out: &Path) -> Result<Written, Error> {
        self.expect_only_own(out)?;
        let mut written = Written {
            files: Vec::new(),
            bytes: 0,
            kept: 0,
        };
        for (source, pieces) in &self.placed {
            let record = write_file(source, pieces, out, &mut written)?;
            written.files.push(record);
        }
        placement::check(&written.files)?;
        Ok(written)
    }

    /// Whatever lay there would be on the medium, and be refused by everybody who verifies it.
    fn expect_only_own(&self, out: &Path) -> Result<(), Error> {
        let mut own = BTreeMap::new();
        for name in [MANIFEST].iter().chain(&SIGNATURES) {
            own.insert(out.join(name), true);
        }
        for (source, pieces) in &self.placed {
            let record = unread(source, pieces);
            for (index, piece) in record.pieces.iter().enumerate() {
                let path = out.join(volume_name(piece.volume));
                own.insert(path.join(placement::path(&record, index)), true);
            }
        }
        let folders: Vec<_> = own
            .keys()
            .flat_map(|path| path.ancestors().skip(1))
            .collect();
        let folders: Vec<_> = folders.iter().map(|path| path.to_path_buf()).collect();
        own.extend(folders.into_iter().map(|path| (path, false)));
        let mut waiting = vec![out.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| Error::file(&folder, error))? {
                let entry = entry.map_err(|error| Error::file(&folder, error))?;
                let path = entry.path();
                let kind = entry
                    .file_type()
                    .map_err(|error| Error::file(&path, error))?;
                match own.get(&path) {
                    Some(true) if kind.is_file() => {}
                    Some(false) if kind.is_dir() => waiting.push(path),
                    _ => return Err(Error::Occupied { path }),
                }
            }
        }
        Ok(())
    }
}

/// How much of a volume is for files.
fn room(sources: &[Source], volume_bytes: u64) -> Result<u64, Error> {
    let names = sources
        .iter()
        .map(|source| source.name.as_str().len() as u64);
    let list: u64 = SIGNATURES_BYTES + names.map(|name| 2 * name + RECORD_BYTES).sum::<u64>();
    let room = volume_bytes.checked_sub(list);
    let room = room.filter(|room| *room >= LEAST_ROOM);
    room.ok_or(Error::VolumeTooSmall {
        least: list + LEAST_ROOM,
    })
}

fn too_many() -> Error {
    Error::Form(FormError::TooMany {
        what: "volumes",
        most: MOST_VOLUMES,
    })
}

/// The record of a file before it was read, for its paths.
fn unread(source: &Source, pieces: &[(u32, u64)]) -> FileRecord {
    let sha256 = Sha256::of(b"");
    let piece = |(volume, size): &(u32, u64)| Piece {
        volume: *volume,
        size: *size,
        sha256,
    };
    FileRecord {
        name: source.name.clone(),
        kind: source.kind,
        size: source.size,
        sha256,
        pieces: pieces.iter().map(piece).collect(),
    }
}

fn write_file(
    source: &Source,
    pieces: &[(u32, u64)],
    out: &Path,
    written: &mut Written,
) -> Result<FileRecord, Error> {
    let mut record = unread(source, pieces);
    let mut whole = sha2::Sha256::new();
    let mut offset: u64 = 0;
    for (index, (volume, size)) in pieces.iter().enumerate() {
        let folder = out.join(volume_name(*volume));
        let place = folder.join(placement::path(&record, index));
        let part = Part {
            source,
            offset,
            size: *size,
        };
        let sha256 = match part.is_at(&place)? {
            true => {
                written.kept += size;
                part.copy(&mut whole, &mut io::sink(), &place)?
            }
            false => {
                written.bytes += size;
                part.write(&mut whole, &place)?
            }
        };
        if let Some(piece) = record.pieces.get_mut(index) {
            piece.sha256 = sha256;
        }
        offset = offset.saturating_add(*size);
    }
    record.sha256 = Sha256::finish(whole);
    Ok(record)
}

/// Some bytes of a file.
struct Part<'a> {
    source: &'a Source,
    offset: u64,
    size: u64,
}

impl Part<'_> {
    fn open(&self) -> Result<impl Read + '_, Error> {
        Ok(self.source.open(self.offset)?.take(self.size))
    }

    /// Whether a file that an earlier attempt wrote has these bytes.
    fn is_at(&self, place: &Path) -> Result<bool, Error> {
        let Ok(there) = File::open(place) else {
            return Ok(false);
        };
        let metadata = there
            .metadata()
            .map_err(|error| Error::file(place, error))?;
        if metadata.len() != self.size {
            return Ok(false);
        }
        let mut hashes = [sha2::Sha256::new(), sha2::Sha256::new()];
        let [ours, theirs] = &mut hashes;
        copy(&mut self.open()?, ours).map_err(|error| Error::file(self.source.path(), error))?;
        copy(&mut { there }, theirs).map_err(|error| Error::file(place, error))?;
        let [ours, theirs] = hashes;
        Ok(Sha256::finish(ours) == Sha256::finish(theirs))
    }

    fn write(&self, whole: &mut sha2::Sha256, place: &Path) -> Result<Sha256, Error> {
        let folder = place.parent().unwrap_or(place);
        fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
        let mut file = File::create(place).map_err(|error| Error::file(place, error))?;
        self.copy(whole, &mut file, place)
    }

    fn copy(
        &self,
        whole: &mut sha2::Sha256,
        to: &mut impl Write,
        place: &Path,
    ) -> Result<Sha256, Error> {
        let mut piece = sha2::Sha256::new();
        let mut from = self.open()?;
        let (mut buffer, mut copied) = (vec![0; BUFFER], 0);
        loop {
            let read = from.read(&mut buffer);
            let read = read.map_err(|error| Error::file(self.source.path(), error))?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            piece.update(bytes);
            whole.update(bytes);
            to.write_all(bytes)
                .map_err(|error| Error::file(place, error))?;
            copied += bytes.len() as u64;
        }
        match copied == self.size {
            true => Ok(Sha256::finish(piece)),
            false => Err(Error::Changed {
                path: self.source.path().to_owned(),
            }),
        }
    }
}

/// More than both signatures, the head of the list, and a second piece of one file in each volume have.
const SIGNATURES_BYTES: u64 = 512 << 10;
/// More than the record of a file has beside its name.
const RECORD_BYTES: u64 = 500;
/// Smaller ones would be more list than content.
const LEAST_ROOM: u64 = 64 << 10;
