use serde::{Deserialize, Serialize};
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_merkle::{NodeHash, NodeReader};
use sigstead_tiles::{NodePlace, TILE_WIDTH, Tile, TileCoordinate};

use crate::Error;
use crate::edge::Edge;
use crate::folder::Folder;

/// What a copy knows besides its tiles, as a file. A crash leaves it as it was before or after a step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// How many entries are durable.
    pub(crate) size: u64,
    /// The signed note of the pending checkpoint, which entries are proven for.
    pub(crate) pending: Option<String>,
    /// Up to where the entries are proven to be those of the pending checkpoint.
    pub(crate) confirmed: u64,
}

impl State {
    pub(crate) fn read(folder: &Folder) -> Result<Self, Error> {
        let Some(text) = folder.text(FILE)? else {
            return Ok(Self::default());
        };
        serde_json::from_str(&text).map_err(|error| Error::damaged(FILE.as_ref(), error))
    }

    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Error> {
        // A few numbers and a text always become JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        folder.replace(FILE, &text)
    }

    pub(crate) fn pending(&self) -> Result<Option<SignedCheckpoint>, Error> {
        let parse = |note: &String| SignedCheckpoint::parse(note);
        let pending = self.pending.as_ref().map(parse).transpose();
        pending.map_err(|error| Error::damaged(FILE.as_ref(), error))
    }
}

/// The nodes of what is stored: the full tiles of the folder, and the edge.
pub(crate) struct Stored<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) edge: &'a Edge,
}

impl Stored<'_> {
    /// The leaves of the bundle at an index that are stored, none of one that is not there.
    pub(crate) fn leaves(&self, index: u64) -> Result<Vec<NodeHash>, Error> {
        let edge = self.edge.size() / u64::from(TILE_WIDTH);
        match index.cmp(&edge) {
            std::cmp::Ordering::Less => {
                let tile = TileCoordinate::new(0, index, TILE_WIDTH)?;
                Ok(self.folder.tile(tile)?.hashes().to_vec())
            }
            std::cmp::Ordering::Equal => Ok(self.edge.leaves().to_vec()),
            std::cmp::Ordering::Greater => Ok(Vec::new()),
        }
    }
}

impl NodeReader for Stored<'_> {
    type Error = Error;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Error> {
        if let Ok(node) = self.edge.node(level, index) {
            return Ok(node);
        }
        let place = NodePlace::of(level, index);
        let full = TileCoordinate::new(place.tile_level, place.tile_index, TILE_WIDTH)?;
        let node = self.folder.tile(full)?;
        let node = node.node(place.level_in_tile, place.index_in_tile);
        node.ok_or(Error::Edge)
    }
}

/// The leaves of one bundle, of which a proof asks nodes.
pub(crate) struct Leaves {
    tile: Tile,
}

impl Leaves {
    pub(crate) fn new(leaves: Vec<NodeHash>) -> Result<Self, Error> {
        let tile = Tile::new(leaves)?;
        Ok(Self { tile })
    }
}

impl NodeReader for Leaves {
    type Error = Error;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Error> {
        let place = NodePlace::of(level, index);
        // The only node of the next level of tiles is the whole bundle.
        let (level, index) = match place.tile_level {
            0 => (place.level_in_tile, place.index_in_tile),
            _ => (level, 0),
        };
        self.tile.node(level, index).ok_or(Error::Edge)
    }
}

const FILE: &str = "mirror.json";
