//! The right edge of a log, from full tiles up to the last full bundle before the journal, then from the journal.

use futures::{StreamExt, TryStreamExt};
use sigstead_cold::ColdStorage;
use sigstead_journal::Round;
use sigstead_merkle::{NodeHash, root_of};
use sigstead_tiles::{TILE_HEIGHT, TILE_WIDTH, Tile, partial_width};

use crate::entry::RecordedEntry;
use crate::error::Error;
use crate::leaf_format::{LeafFormat, LeafFormatError};
use crate::tree::edge::{Edge, WIDTH};
use crate::tree::layout::tile_path;

/// The edge, and the size up to which everything is in cold storage.
pub(crate) async fn rebuild_edge(
    cold: &dyn ColdStorage,
    format: &dyn LeafFormat,
    rounds: &[Round],
) -> Result<(Edge, u64), Error> {
    let (first, size) = match (rounds.first(), rounds.last()) {
        (Some(first), Some(last)) => (first.first, last.head.size),
        _ => return Ok((Edge::default(), 0)),
    };
    // The journal is trimmed by whole bundles: the bundle that its first round begins inside of is in cold storage.
    let base = first.next_multiple_of(WIDTH);
    if base > size {
        return inconsistent(format!(
            "the journal begins at {first} and ends at {size}, within one bundle"
        ));
    }
    let mut edge = Edge::at(base, columns(cold, base).await?);
    for round in rounds {
        extend(&mut edge, base, format, round)?;
    }
    Ok((edge, base))
}

/// Adds the entries of a round from `base` on, and computes again what was signed.
fn extend(edge: &mut Edge, base: u64, format: &dyn LeafFormat, round: &Round) -> Result<(), Error> {
    for (index, entry) in (round.first..).zip(&round.entries) {
        let leaf = format.read(&entry.bundle);
        let leaf = leaf.map_err(|error| damaged_entry(index, &error))?;
        if leaf.leaf_hash != entry.leaf_hash {
            return inconsistent(format!(
                "the journal's leaf hash of entry {index} is not that of its bytes"
            ));
        }
        if index >= base {
            edge.push(entry.leaf_hash, RecordedEntry::from(entry));
        }
    }
    let size = round.head.size;
    if size >= base && root_of(edge, size).ok() != Some(round.head.root) {
        return inconsistent(format!(
            "the tree of size {size} does not have the root that was signed"
        ));
    }
    Ok(())
}

/// The columns of the partial tiles above the full bundles of a log, from level 1 up.
async fn columns(cold: &dyn ColdStorage, size: u64) -> Result<Vec<Vec<NodeHash>>, Error> {
    let mut levels = Vec::new();
    for level in 1..u8::MAX / TILE_HEIGHT {
        let full_below = size >> (TILE_HEIGHT * level);
        if full_below == 0 {
            break;
        }
        let width = u64::from(partial_width(level, size));
        let below = (full_below - width)..full_below;
        let roots = futures::stream::iter(below).map(|index| tile_root(cold, level - 1, index));
        levels.push(roots.buffered(PARALLEL_READS).try_collect().await?);
    }
    Ok(levels)
}

async fn tile_root(cold: &dyn ColdStorage, level: u8, index: u64) -> Result<NodeHash, Error> {
    let path = tile_path(level, index);
    let Some(bytes) = cold.get(&path).await? else {
        return Err(Error::ObjectDamaged {
            path,
            what: "missing",
        });
    };
    let root = Tile::parse(&bytes, TILE_WIDTH)
        .ok()
        .and_then(|tile| tile.node(TILE_HEIGHT, 0));
    root.ok_or(Error::ObjectDamaged {
        path,
        what: "not a full tile",
    })
}

fn inconsistent<T>(why: String) -> Result<T, Error> {
    Err(Error::Inconsistent { why })
}

fn damaged_entry(index: u64, error: &LeafFormatError) -> Error {
    Error::Inconsistent {
        why: format!("entry {index} of the journal: {error}"),
    }
}

/// An object store answers slowly, but many at once.
const PARALLEL_READS: usize = 16;
