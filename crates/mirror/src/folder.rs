use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sigstead_checkpoint::SignedCheckpoint;
use sigstead_tiles::{
    BundleKind, EntryBundle, EntryBundleCoordinate, TILE_WIDTH, Tile, TileCoordinate,
};

use crate::Error;

/// The files of a copy, laid out as C2SP tlog-tiles says, so that any tool and any web server can show them.
///
/// What is written is durable after [`Folder::sync`], and not before.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        sigstead_durable::create_directory(root).map_err(|error| Error::file(root, error))?;
        let root = root.to_owned();
        Ok(Self { root })
    }

    /// A folder that is read only.
    pub(crate) fn at(root: &Path) -> Self {
        let root = root.to_owned();
        Self { root }
    }

    /// The checkpoint that readers see; `None` before the first.
    pub(crate) fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, Error> {
        let text = self.text(CHECKPOINT)?;
        let checkpoint = text.map(|text| SignedCheckpoint::parse(&text)).transpose();
        checkpoint.map_err(|error| Error::damaged(CHECKPOINT.as_ref(), error))
    }

    /// A file of text that is replaced as a whole; `None` where it is not there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let place = self.root.join(name);
        let text = read(&place, LONGEST_TEXT).and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        match text {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(&place, error)),
        }
    }

    pub(crate) fn replace(&self, name: &str, text: &str) -> Result<(), Error> {
        let place = self.root.join(name);
        sigstead_durable::replace(&place, text.as_bytes())
            .map_err(|error| Error::file(&place, error))
    }

    pub(crate) fn tile(&self, coordinate: TileCoordinate) -> Result<Tile, Error> {
        let place = self.root.join(coordinate.path());
        let bytes = read(&place, LONGEST_TILE).map_err(|error| Error::file(&place, error))?;
        Tile::parse(&bytes, coordinate.width()).map_err(|error| Error::damaged(&place, error))
    }

    pub(crate) fn write_tile(&self, coordinate: TileCoordinate, tile: &Tile) -> Result<(), Error> {
        self.write(&coordinate.path(), &tile.encode())
    }

    /// The entries of a bundle of which the copy has `width`.
    pub(crate) fn entries(&self, index: u64, width: u16) -> Result<Vec<Vec<u8>>, Error> {
        let coordinate = EntryBundleCoordinate::new(index, width)?;
        let place = self.root.join(coordinate.path(BundleKind::Entries));
        let bytes = read(&place, LONGEST_BUNDLE).map_err(|error| Error::file(&place, error))?;
        let bundle = EntryBundle::parse(&bytes, width);
        let bundle = bundle.map_err(|error| Error::damaged(&place, error))?;
        Ok(bundle.entries().to_vec())
    }

    pub(crate) fn write_entries(&self, index: u64, entries: Vec<Vec<u8>>) -> Result<(), Error> {
        let width = u16::try_from(entries.len()).unwrap_or(TILE_WIDTH);
        let coordinate = EntryBundleCoordinate::new(index, width)?;
        let bundle = EntryBundle::new(entries)?;
        self.write(&coordinate.path(BundleKind::Entries), &bundle.encode())
    }

    /// Makes durable what was written.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        sigstead_durable::sync_file_system(&self.root)
            .map_err(|error| Error::file(&self.root, error))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let place = self.root.join(path);
        let written = fs::create_dir_all(sigstead_durable::parent(&place))
            .and_then(|()| fs::write(&place, bytes));
        written.map_err(|error| Error::file(&place, error))
    }
}

/// Reads a file of at most `limit` bytes: whoever asks a copy need not have made it.
fn read(place: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(place)?;
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(bytes),
        _ => Err(io::Error::other(format!("it is longer than {limit} bytes"))),
    }
}

/// A note has at most a million bytes; the record of a copy has one, as JSON.
const LONGEST_TEXT: u64 = 4 << 20;
/// A hash for each column.
const LONGEST_TILE: u64 = 32 * TILE_WIDTH as u64;
/// For each column a length of two bytes, and as many as that says (C2SP tlog-tiles).
const LONGEST_BUNDLE: u64 = (2 + 0xffff) * TILE_WIDTH as u64;
/// The file by which readers see a copy.
pub(crate) const CHECKPOINT: &str = "checkpoint";
