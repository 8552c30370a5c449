//! A log read again as a stranger would, by its public face alone.

use sigstead_merkle::{NodeHash, RootHash, TreeHead};
use sigstead_sequencer::{EntryLeaves, Error, HeadSigner, LeafFormat, Log};
use sigstead_tiles::{EntryBundleCoordinate, TILE_HEIGHT, TILE_WIDTH, Tile, TileCoordinate};

/// What an audit has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audited {
    /// The published head that everything was checked against.
    pub(crate) head: TreeHead,
    /// How many bundles were read, the partial one included.
    pub(crate) bundles: u64,
    /// How many tiles were read, partial ones included.
    pub(crate) tiles: u64,
}

/// Reads every bundle, hashes every leaf, builds every tile and compares it with the served one, and ends at the root that
/// the published note signs.
pub(crate) async fn audit(log: &Log, signer: &dyn HeadSigner) -> Result<Audited, Error> {
    let published = log.published();
    let head = published.head;
    signer
        .verify(&head, published.time_millis, &published.note)
        .map_err(|source| Error::WrongKey { source })?;
    let mut audit = Audit {
        log,
        levels: Vec::new(),
        tiles: 0,
    };
    let bundles = head.size.div_ceil(WIDTH);
    for bundle in 0..bundles {
        let width = (head.size - bundle * WIDTH).min(WIDTH);
        audit.read_bundle(bundle, width as u16).await?;
    }
    let root = audit.finish().await?;
    if root != head.root {
        return Err(inconsistent(format!(
            "the bundles give another root than the checkpoint of size {}",
            head.size
        )));
    }
    Ok(Audited {
        head,
        bundles,
        tiles: audit.tiles,
    })
}

struct Audit<'a> {
    log: &'a Log,
    /// Of each level, how many tiles are done and the columns of the next.
    levels: Vec<(u64, Vec<NodeHash>)>,
    tiles: u64,
}

impl Audit<'_> {
    async fn read_bundle(&mut self, bundle: u64, width: u16) -> Result<(), Error> {
        let damaged =
            |what: &str| inconsistent(format!("bundle {bundle} of width {width}: {what}"));
        let coordinate =
            EntryBundleCoordinate::new(bundle, width).map_err(|_| damaged("no such bundle"))?;
        let bytes = self.log.bundle(coordinate).await?;
        let bytes = bytes.ok_or_else(|| damaged("not served"))?;
        let mut rest = bytes.as_ref();
        for _ in 0..width {
            let length = if rest.is_empty() {
                None
            } else {
                EntryLeaves.framed_bytes(rest).ok()
            };
            let split = length.and_then(|length| rest.split_at_checked(length));
            let (framed, behind) = split.ok_or_else(|| damaged("too short"))?;
            let leaf = EntryLeaves
                .read(framed)
                .map_err(|error| damaged(error.why))?;
            self.push(leaf.leaf_hash.into()).await?;
            rest = behind;
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(damaged("too long"))
        }
    }

    async fn push(&mut self, column: NodeHash) -> Result<(), Error> {
        let mut carried = Some(column);
        let mut level = 0;
        while let Some(column) = carried {
            if self.levels.len() == level {
                self.levels.push((0, Vec::new()));
            }
            let Some((done, columns)) = self.levels.get_mut(level) else {
                break;
            };
            columns.push(column);
            carried = None;
            if columns.len() == usize::from(TILE_WIDTH) {
                let (index, columns) = (*done, std::mem::take(columns));
                *done += 1;
                carried = self
                    .compare(level as u8, index, columns)
                    .await?
                    .node(TILE_HEIGHT, 0);
            }
            level += 1;
        }
        Ok(())
    }

    /// Compares the partial tiles and folds what they hold into the root.
    async fn finish(&mut self) -> Result<RootHash, Error> {
        let mut right: Option<NodeHash> = None;
        let levels = std::mem::take(&mut self.levels);
        for (level, (index, columns)) in (0_u8..).zip(levels) {
            if columns.is_empty() {
                continue;
            }
            let tile = self.compare(level, index, columns).await?;
            right = fold(&tile, right);
        }
        Ok(right.map_or_else(RootHash::of_empty, RootHash::from))
    }

    async fn compare(
        &mut self,
        level: u8,
        index: u64,
        columns: Vec<NodeHash>,
    ) -> Result<Tile, Error> {
        self.tiles += 1;
        let wrong = |what: &str| inconsistent(format!("tile {level}/{index}: {what}"));
        let width = columns.len() as u16;
        let tile = Tile::new(columns).map_err(|_| wrong("no such tile"))?;
        let coordinate =
            TileCoordinate::new(level, index, width).map_err(|_| wrong("no such tile"))?;
        let served = self
            .log
            .tile(coordinate)
            .await?
            .ok_or_else(|| wrong("not served"))?;
        if served == tile.encode() {
            Ok(tile)
        } else {
            Err(wrong("not what the bundles below give"))
        }
    }
}

/// RFC 6962 §2.1: the perfect subtrees of a partial tile, joined from the right with what stands right of them.
fn fold(tile: &Tile, mut right: Option<NodeHash>) -> Option<NodeHash> {
    let width = tile.hashes().len() as u16;
    for height in 0..TILE_HEIGHT {
        if width >> height & 1 == 1 {
            let left = tile.node(height, (width >> height) - 1)?;
            right = Some(right.map_or(left, |right| NodeHash::of_children(&left, &right)));
        }
    }
    right
}

fn inconsistent(why: String) -> Error {
    Error::Inconsistent { why }
}

const WIDTH: u64 = TILE_WIDTH as u64;
