//! What a log has in cold storage, checked before it is used.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sigstead_cold::ColdStorage;
use sigstead_tiles::Tile;
use tokio::sync::Semaphore;

use crate::entry::RecordedEntry;
use crate::error::Error;
use crate::leaf_format::LeafFormat;
use crate::tree::bundle::decode_sides;
use crate::tree::cold_bundle::{ColdBundle, FULL};
use crate::tree::cold_tiles::ColdTiles;
use crate::tree::edge::WIDTH;
use crate::tree::layout::side_path;
use crate::tree::shared_edge::SharedEdge;

/// The full tiles and bundles of a log.
pub(crate) struct ColdTree {
    storage: Arc<dyn ColdStorage>,
    format: Arc<dyn LeafFormat>,
    /// Whether every entry has something beside its leaf, which is missed when it is not there.
    has_sides: bool,
    tiles: ColdTiles,
    /// Who reads entries now; the others wait and hold nothing.
    readers: Semaphore,
}

impl ColdTree {
    pub(crate) fn new(
        storage: Arc<dyn ColdStorage>,
        format: Arc<dyn LeafFormat>,
        has_sides: bool,
        edge: Arc<SharedEdge>,
    ) -> Self {
        Self {
            tiles: ColdTiles::new(Arc::clone(&storage), edge),
            storage,
            format,
            has_sides,
            readers: Semaphore::new(READERS),
        }
    }

    /// A full tile, checked.
    pub(crate) async fn tile(&self, level: u8, index: u64) -> Result<Arc<Tile>, Error> {
        self.tiles.tile(level, index).await
    }

    /// A full bundle, of which some entries are wanted.
    pub(crate) async fn bundle(
        &self,
        index: u64,
        wanted: Range<usize>,
    ) -> Result<ColdBundle, Error> {
        let tile = self.tiles.of_bundle(index).await?;
        let (storage, format) = (Arc::clone(&self.storage), Arc::clone(&self.format));
        ColdBundle::open(storage, format, tile, index, wanted).await
    }

    /// Entries of one full bundle, checked, up to the first that makes them `most_bytes` bytes or more. What it answers
    /// holds no other byte of the bundle.
    pub(crate) async fn entries(
        &self,
        first: u64,
        end: u64,
        most_bytes: u64,
    ) -> Result<Vec<RecordedEntry>, Error> {
        let index = first / WIDTH;
        let start = index * WIDTH;
        let wanted = (first - start) as usize..(end - start).min(WIDTH) as usize;
        // It is never closed, so an error does not occur.
        let _reader = self.readers.acquire().await.ok();
        let mut bundle = self.bundle(index, wanted.clone()).await?;
        let mut found = Vec::with_capacity(wanted.len());
        let mut bytes = 0;
        while bytes < most_bytes
            && let Some(piece) = bundle.next().await?
        {
            let entries = piece.entries().filter(|entry| wanted.contains(&entry.0));
            for (_, framed) in entries {
                bytes += framed.len() as u64;
                found.push(Bytes::copy_from_slice(&framed));
            }
        }
        let sides = self.sides(index, &wanted).await?;
        let entries = found.into_iter().zip(sides);
        let entries = entries.map(|(bundle, side)| RecordedEntry { bundle, side });
        Ok(entries.collect())
    }

    /// Reads a full bundle and checks all of it.
    pub(crate) async fn check_bundle(&self, index: u64) -> Result<(), Error> {
        let mut bundle = self.bundle(index, 0..FULL).await?;
        while bundle.next().await?.is_some() {}
        Ok(())
    }

    /// What is beside some entries of a full bundle.
    async fn sides(&self, index: u64, wanted: &Range<usize>) -> Result<Vec<Bytes>, Error> {
        let path = side_path(index);
        let Some(file) = self.storage.get(&path).await? else {
            // No file is written for a bundle whose entries have nothing beside the leaf.
            return match self.has_sides {
                true => Err(Error::damaged(path, "missing")),
                false => Ok(vec![Bytes::new(); wanted.len()]),
            };
        };
        let sides = decode_sides(index, file);
        let sides = sides.and_then(|sides| sides.get(wanted.clone()).map(<[Bytes]>::to_vec));
        sides.ok_or_else(|| Error::damaged(path, "not what was written"))
    }
}

/// How many read entries at once. Each holds a piece of a bundle, so this bounds what any number of callers takes; more of
/// them would make no disk faster.
const READERS: usize = 8;
