use bytes::Bytes;
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TileCoordinate};

use crate::error::{Error, ReadError};
use crate::log::TransparencyLog;

impl TransparencyLog {
    /// The newest signed checkpoint.
    pub(crate) fn checkpoint(&self) -> Bytes {
        self.log.published().note.clone()
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

    /// What stands under a path below `tile/`: a tile or a bundle.
    pub(crate) async fn file(&self, path: &str) -> Result<Bytes, Error> {
        let path = format!("tile/{path}");
        if let Ok(coordinate) = EntryBundleCoordinate::parse(&path, BundleKind::Entries) {
            return self.bundle(coordinate).await;
        }
        match TileCoordinate::parse(&path) {
            Ok(coordinate) => self.tile(coordinate).await,
            Err(_) => Err(ReadError::NoSuchTile(path).into()),
        }
    }
}
