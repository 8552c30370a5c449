//! A log whose beginning was never written: a thousand million equal entries, of which only what a start reads exists.
//!
//! Equal leaves make every full tile of a level the same tile, so that each one that is asked for can be written, and
//! every proof is true. What is appended behind them, the proofs of that, the start and the memory are real.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use sigstead_checkpoint::Origin;
use sigstead_cold::{ColdStorage as _, DirectoryStorage};
use sigstead_index::{Index, IndexConfig};
use sigstead_journal::{FileJournal, Journal as _, Round};
use sigstead_merkle::{LeafHash, NodeHash, RootHash, TreeHead};
use sigstead_sequencer::{Anchor as _, Anchored, CheckpointSigner, FileAnchor, HeadSigner as _};
use sigstead_signer::PrivateKey;
use sigstead_tiles::{
    BundleKind, EntryBundle, EntryBundleCoordinate, TILE_HEIGHT, TILE_WIDTH, Tile, TileCoordinate,
    partial_width,
};

/// Writes the files of a Rekor v2 log of a size, which must be a multiple of 256, into `data` and `anchor`.
pub(crate) async fn forge(
    data: &Path,
    anchor: &Path,
    origin: &str,
    log_key: &Path,
    size: u64,
) -> Result<()> {
    ensure!(
        size > 0 && size.is_multiple_of(WIDTH),
        "{size} is not a number of full tiles"
    );
    let leaf = LeafHash::of(ENTRY);
    let head = TreeHead {
        size,
        root: root(leaf, size)?,
    };
    write_tiles(&data.join("tiles"), leaf, size).await?;
    let key = PrivateKey::from_pem(&std::fs::read_to_string(log_key)?)?;
    let signer = CheckpointSigner::new(Origin::parse(origin)?, key.into_signer())?;
    let note = signer.sign(&head, TIME_MILLIS).await;
    let note = note.map_err(|error| anyhow::anyhow!("{error}"))?;
    write_journal(&data.join("journal"), head, note.into())?;
    for directory in INDEXES {
        write_index(&data.join(directory), size)?;
    }
    let time_millis = TIME_MILLIS;
    FileAnchor::new(anchor).store(&Anchored { head, time_millis })?;
    Ok(())
}

/// The first round claims all entries and has none, which no journal would read. It only makes the second one fit, and is
/// trimmed away: a segment holds one round when it has room for no more.
fn write_journal(directory: &Path, head: TreeHead, checkpoint: Bytes) -> Result<()> {
    let mut journal = FileJournal::open_with(directory, 1)?;
    let found = journal.load()?;
    ensure!(found.is_empty(), "there is a log already");
    let round = |first| Round {
        first,
        head,
        time_millis: TIME_MILLIS,
        checkpoint: checkpoint.clone(),
        entries: Vec::new(),
    };
    journal.commit(&TreeHead::empty(), &round(0))?;
    journal.commit(&head, &round(head.size))?;
    journal.trim(head.size)?;
    Ok(())
}

/// An index that knows that there is nothing to find in what was never written. At this size a real one has its keys on
/// disk and filters in memory, which are not there.
fn write_index(directory: &Path, size: u64) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let (index, _) = Index::open(directory, IndexConfig::default())?;
    index.extend(0..size, &[])?;
    index.maintain()?;
    ensure!(
        index.durable() == size,
        "an index does not begin behind the entries"
    );
    Ok(())
}

/// What a start reads: the tiles below the right edge of each level, and the last bundles.
async fn write_tiles(directory: &Path, leaf: LeafHash, size: u64) -> Result<()> {
    let cold = Arc::new(DirectoryStorage::open(directory)?);
    let mut level = 0;
    let mut column = NodeHash::from(leaf);
    loop {
        let full = size >> (TILE_HEIGHT * (level + 1));
        if full == 0 {
            break;
        }
        let tile = Tile::new(vec![column; usize::from(TILE_WIDTH)])?;
        let bytes = Bytes::from(tile.encode());
        let edge = u64::from(partial_width(level + 1, size));
        let first = full.saturating_sub(edge.max(RECENT_BUNDLES));
        for index in first..full {
            let path = TileCoordinate::new(level, index, TILE_WIDTH)?.path();
            cold.put(&path, bytes.clone()).await?;
        }
        column = tile.node(TILE_HEIGHT, 0).context("the tile is not full")?;
        level += 1;
    }
    let bundle = EntryBundle::new(vec![ENTRY.to_vec(); usize::from(TILE_WIDTH)])?;
    let (bytes, bundles) = (Bytes::from(bundle.encode()), size / WIDTH);
    for index in bundles.saturating_sub(RECENT_BUNDLES)..bundles {
        let coordinate = EntryBundleCoordinate::new(index, TILE_WIDTH)?;
        cold.put(&coordinate.path(BundleKind::Entries), bytes.clone())
            .await?;
    }
    Ok(())
}

/// The root over equal leaves (RFC 6962 §2.1): the perfect subtrees that the size consists of, from the smallest up.
fn root(leaf: LeafHash, size: u64) -> Result<RootHash> {
    let mut subtree = NodeHash::from(leaf);
    let mut root = None;
    for height in 0..u64::BITS {
        if size & (1 << height) != 0 {
            root = Some(root.map_or(subtree, |right| NodeHash::of_children(&subtree, &right)));
        }
        subtree = NodeHash::of_children(&subtree, &subtree);
    }
    let root = root.context("an empty log has no leaves")?;
    Ok(RootHash::from_bytes(*root.as_bytes()))
}

const WIDTH: u64 = TILE_WIDTH as u64;
const ENTRY: &[u8] = b"an entry that stands for all that came before";
/// As many as a start looks at to recognise what is sent again, and some more.
const RECENT_BUNDLES: u64 = 40;
/// Of what was submitted, and of what can be searched for.
const INDEXES: [&str; 2] = ["known", "search/0"];
const TIME_MILLIS: u64 = 1_700_000_000_000;
