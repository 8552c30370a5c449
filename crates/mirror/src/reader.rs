use std::path::Path;

use sigstead_checkpoint::SignedCheckpoint;
use sigstead_merkle::{LeafHash, LeafIndex, NodeHash, NodeReader, ProveError, prove_inclusion};
use sigstead_tiles::{NodePlace, TILE_WIDTH, Tile, TileCoordinate, partial_width};

use crate::Error;
use crate::folder::Folder;

/// A copy, for those who ask it. Nothing is written, and of its files only the checkpoint is believed, once somebody has verified
/// it.
#[derive(Debug)]
pub struct Reader {
    folder: Folder,
    checkpoint: SignedCheckpoint,
}

/// Whether a copy has an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The entry stands there, and under the checkpoint.
    Yes,
    /// The copy ends before it, at this size.
    Behind(u64),
    /// Another entry stands there, under the checkpoint.
    Another,
}

impl Reader {
    /// Opens the copy in a folder that readers see; `None` if there is none yet.
    ///
    /// # Errors
    /// The checkpoint cannot be read, or is damaged.
    pub fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let folder = Folder::at(folder);
        let checkpoint = folder.checkpoint()?;
        Ok(checkpoint.map(|checkpoint| Self { folder, checkpoint }))
    }

    /// What the copy is of, as the log and others signed it. Whoever opened the copy has to verify it.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Whether the log has this entry at an index, as far as the checkpoint tells.
    ///
    /// # Errors
    /// The files that prove it are not there, or are not those of the checkpoint.
    pub fn holds(&self, index: u64, entry: &[u8]) -> Result<Held, Error> {
        let head = self.checkpoint.checkpoint.head;
        if index >= head.size {
            return Ok(Held::Behind(head.size));
        }
        let nodes = Nodes {
            folder: &self.folder,
            size: head.size,
        };
        let proof = prove_inclusion(&nodes, LeafIndex::new(index), head.size);
        let proof = proof.map_err(|error| match error {
            ProveError::Read(error) => error,
            ProveError::Impossible(error) => error.into(),
        })?;
        let entry = LeafHash::of(entry);
        if proof.verify(&entry, &head.root).is_ok() {
            return Ok(Held::Yes);
        }
        // Either it is another entry, or the files are not those of the checkpoint.
        let stored = nodes.entry(index)?;
        match stored.map(|stored| proof.verify(&LeafHash::of(&stored), &head.root)) {
            Some(Ok(())) => Ok(Held::Another),
            _ => Err(Error::Root { size: head.size }),
        }
    }
}

/// The nodes of a tree of some size, from the files that a copy of that size has.
struct Nodes<'a> {
    folder: &'a Folder,
    size: u64,
}

impl Nodes<'_> {
    fn tile(&self, level: u8, index: u64) -> Result<Tile, Error> {
        let full = TileCoordinate::new(level, index, TILE_WIDTH)?;
        if full.is_within(self.size) {
            return self.folder.tile(full);
        }
        let partial = TileCoordinate::new(level, index, partial_width(level, self.size))?;
        self.folder.tile(partial)
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, Error> {
        let width = u64::from(TILE_WIDTH);
        let bundle = index / width;
        let is_full = (bundle + 1)
            .checked_mul(width)
            .is_some_and(|end| end <= self.size);
        let columns = match is_full {
            true => TILE_WIDTH,
            false => partial_width(0, self.size),
        };
        let entries = self.folder.entries(bundle, columns)?;
        let place = usize::try_from(index % width).unwrap_or(usize::MAX);
        Ok(entries.into_iter().nth(place))
    }
}

impl NodeReader for Nodes<'_> {
    type Error = Error;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Error> {
        let place = NodePlace::of(level, index);
        let tile = self.tile(place.tile_level, place.tile_index)?;
        let node = tile.node(place.level_in_tile, place.index_in_tile);
        node.ok_or(Error::Edge)
    }
}
