use bytes::Bytes;
use sigstead_sequencer::BundleReader;
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TileCoordinate};

use crate::error::{Error, ReadError};
use crate::log::TransparencyLog;

/// A file of a log: all of a tile, or a bundle that is yet to be read.
pub(crate) enum File {
    Tile(Bytes),
    Bundle(BundleReader),
}

impl TransparencyLog {
    /// The newest signed checkpoint.
    pub(crate) fn checkpoint(&self) -> Result<Bytes, Error> {
        let published = self.log.published();
        match published.note.is_empty() {
            true => Err(ReadError::NoCheckpoint.into()),
            false => Ok(published.note.clone()),
        }
    }

    /// A tile of hashes.
    pub(crate) async fn tile(&self, coordinate: TileCoordinate) -> Result<Bytes, Error> {
        let tile = self.log.tile(coordinate).await?;
        tile.ok_or_else(|| ReadError::NoSuchTile(coordinate.path()).into())
    }

    /// A bundle of entries.
    pub(crate) async fn bundle(&self, coordinate: EntryBundleCoordinate) -> Result<Bytes, Error> {
        let bundle = self.log.bundle(coordinate).await?;
        bundle.ok_or_else(|| ReadError::NoSuchTile(coordinate.path(BundleKind::Entries)).into())
    }

    /// What is under a path below `tile/`, to be sent while it is read.
    pub(crate) async fn read_file(&self, path: &str) -> Result<File, Error> {
        let path = format!("tile/{path}");
        let Ok(coordinate) = EntryBundleCoordinate::parse(&path, BundleKind::Entries) else {
            return self.file_at(path).await.map(File::Tile);
        };
        let reader = self.log.read_bundle(coordinate).await?;
        let reader = reader.map(File::Bundle);
        reader.ok_or_else(|| ReadError::NoSuchTile(path).into())
    }

    /// What is under a path below `tile/`: a tile or a bundle.
    pub(crate) async fn file(&self, path: &str) -> Result<Bytes, Error> {
        let path = format!("tile/{path}");
        if let Ok(coordinate) = EntryBundleCoordinate::parse(&path, BundleKind::Entries) {
            return self.bundle(coordinate).await;
        }
        self.file_at(path).await
    }

    async fn file_at(&self, path: String) -> Result<Bytes, Error> {
        match TileCoordinate::parse(&path) {
            Ok(coordinate) => self.tile(coordinate).await,
            Err(_) => Err(ReadError::NoSuchTile(path).into()),
        }
    }
}
