//! The tiles of a log (C2SP tlog-tiles), as far as a proof needs them.

use std::collections::BTreeMap;

use reqwest::Client;
use sigstead_merkle::{NodeHash, NodeReader, ProveError};
use sigstead_tiles::{
    BundleKind, EntryBundle, EntryBundleCoordinate, NodePlace, TILE_WIDTH, Tile, TileCoordinate,
    partial_width,
};

use crate::failure::Failure;
use crate::http;

/// The tiles of a log of some size, read as they are needed.
pub(crate) struct Tiles<'a> {
    client: &'a Client,
    /// The URL under which the log has `tile/`.
    base: String,
    size: u64,
    read: Read,
}

/// The tiles that were read, by level and index.
#[derive(Default)]
pub(crate) struct Read(BTreeMap<(u8, u64), Tile>);

/// Why a node is not known.
pub(crate) enum Unknown {
    /// This tile was not read yet.
    Tile(u8, u64),
    /// The tile has not as many columns.
    Narrow,
}

impl NodeReader for Read {
    type Error = Unknown;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Unknown> {
        let place = NodePlace::of(level, index);
        let (level, index) = (place.tile_level, place.tile_index);
        let tile = self.0.get(&(level, index));
        let tile = tile.ok_or(Unknown::Tile(level, index))?;
        let node = tile.node(place.level_in_tile, place.index_in_tile);
        node.ok_or(Unknown::Narrow)
    }
}

impl<'a> Tiles<'a> {
    pub(crate) fn new(client: &'a Client, base: String, size: u64) -> Self {
        Self {
            client,
            base,
            size,
            read: Read::default(),
        }
    }

    /// Makes a proof, and reads each tile that it turns out to need.
    pub(crate) async fn prove<T>(
        &mut self,
        make: impl Fn(&Read) -> Result<T, ProveError<Unknown>>,
    ) -> Result<T, Failure> {
        loop {
            match make(&self.read) {
                Ok(proof) => return Ok(proof),
                Err(ProveError::Read(Unknown::Tile(level, index))) => {
                    let tile = self.tile(level, index).await?;
                    self.read.0.insert((level, index), tile);
                }
                Err(ProveError::Read(Unknown::Narrow)) => {
                    return Err(self.strange("a tile is not as wide as the log is large"));
                }
                Err(ProveError::Impossible(error)) => return Err(self.strange(error)),
            }
        }
    }

    /// The bytes of an entry.
    pub(crate) async fn entry(&self, index: u64) -> Result<Vec<u8>, Failure> {
        let entries = self.entries(index / WIDTH).await?;
        let place = usize::try_from(index % WIDTH).unwrap_or(usize::MAX);
        let entry = entries.get(place).cloned();
        entry.ok_or_else(|| self.strange("a bundle has not as many entries as the log"))
    }

    /// The entries of the bundle at an index, those at least that a log of this size has.
    pub(crate) async fn entries(&self, index: u64) -> Result<Vec<Vec<u8>>, Failure> {
        let at = |width| EntryBundleCoordinate::new(index, width).map_err(|e| self.strange(e));
        let full = at(TILE_WIDTH)?;
        let partial = match full.is_within(self.size) {
            true => None,
            false => Some(at(partial_width(0, self.size))?),
        };
        let path = |coordinate: EntryBundleCoordinate| coordinate.path(BundleKind::Entries);
        let (bytes, is_full) = self.file(path(full), partial.map(path)).await?;
        let width = partial
            .filter(|_| !is_full)
            .map_or(TILE_WIDTH, |it| it.width());
        let bundle = EntryBundle::parse(&bytes, width).map_err(|error| self.strange(error))?;
        Ok(bundle.entries().to_vec())
    }

    /// Forgets the tiles of leaves that were read, of which a log has many.
    pub(crate) fn forget_leaves(&mut self) {
        self.read.0.retain(|(level, _), _| *level > 0);
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Tile, Failure> {
        let at = |width| TileCoordinate::new(level, index, width).map_err(|e| self.strange(e));
        let full = at(TILE_WIDTH)?;
        let partial = match full.is_within(self.size) {
            true => None,
            false => Some(at(partial_width(level, self.size))?),
        };
        let path = |coordinate: TileCoordinate| coordinate.path();
        let (bytes, is_full) = self.file(path(full), partial.map(path)).await?;
        let width = partial
            .filter(|_| !is_full)
            .map_or(TILE_WIDTH, |it| it.width());
        Tile::parse(&bytes, width).map_err(|error| self.strange(error))
    }

    /// A file, and whether it is the full one: a log may drop partial files once there is that.
    async fn file(
        &self,
        full: String,
        partial: Option<String>,
    ) -> Result<(Vec<u8>, bool), Failure> {
        if let Some(partial) = partial
            && let Some(bytes) = self.get(&partial).await?
        {
            return Ok((bytes, false));
        }
        let bytes = self.get(&full).await?;
        let bytes = bytes.ok_or_else(|| self.strange(format!("{full} is not there")))?;
        Ok((bytes, true))
    }

    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let url = format!("{}/{path}", self.base);
        let answer = self.client.get(&url).send().await;
        http::found("tlog", &url, answer).await
    }

    fn strange(&self, why: impl std::fmt::Display) -> Failure {
        Failure::service("tlog", &self.base, why)
    }
}

const WIDTH: u64 = TILE_WIDTH as u64;
