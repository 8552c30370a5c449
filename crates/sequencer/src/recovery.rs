//! What happens when a log is opened, in this order; any step that does not fit ends it, because going on would be a
//! guess.
//!
//! 1. The journal answers its rounds. None at all and nothing in cold storage: a new log, which signs its empty tree.
//! 2. The right edge is built from full tiles up to the last full bundle before the journal, then from the journal's
//!    entries; every round's root is computed again and compared.
//! 3. The last checkpoint is verified under the configured key.
//! 4. The last full bundle is checked against its tile, and the index of entries is brought up to the log.
//! 5. The anchor is compared: a log that is behind it, or that it does not contain, is readable and takes no entries.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use journal::{Journal, Round};
use merkle::{NodeHash, TreeHead, root_of};
use tiles::{TILE_HEIGHT, TILE_WIDTH, Tile, partial_width};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::cold_tree::TileCache;
use crate::config::LogConfig;
use crate::cosigner::{Cosigner, WithoutQuorum};
use crate::edge::{Edge, WIDTH};
use crate::engine::Engine;
use crate::head_signer::ConsistentSigner;
use crate::keeper;
use crate::known::Known;
use crate::log::LogParts;
use crate::queue::Queue;
use crate::round::recorded;
use crate::shared::Shared;
use crate::tree::tile_path;
use crate::{Anchor, Anchored, Error, LeafFormat, PublishedHead};

/// A log as it was found.
pub(crate) enum Recovered {
    Writable {
        shared: Arc<Shared>,
        engine: Box<Engine>,
        anchor: Box<dyn Anchor>,
    },
    ReadOnly(Arc<Shared>),
}

pub(crate) async fn recover(config: LogConfig, parts: LogParts) -> Result<Recovered, Error> {
    let LogParts {
        journal,
        cold,
        anchor,
        head_signer,
        cosigning,
        leaf_format,
        known,
        clock,
    } = parts;
    let (journal, rounds) = load(journal).await?;
    let (anchor, anchored) = load_anchor(anchor).await?;
    let is_new = rounds.is_empty();
    if is_new {
        refuse_leftovers(&*cold, &anchored).await?;
    }
    let (edge, base) = rebuild_edge(&*cold, &*leaf_format, &rounds).await?;
    let head = match rounds.last() {
        Some(last) => {
            let verified = head_signer.verify(&last.head, last.time_millis, &last.checkpoint);
            verified.map_err(|source| Error::WrongKey { source })?;
            PublishedHead {
                head: last.head,
                time_millis: last.time_millis,
                note: last.checkpoint.clone(),
            }
        }
        None => PublishedHead {
            head: TreeHead::empty(),
            time_millis: 0,
            note: bytes::Bytes::new(),
        },
    };
    let is_last = head_signer.is_last(&head.note);
    let signer = ConsistentSigner::new(head_signer, head.head);
    let must_wait = cosigning
        .as_ref()
        .is_some_and(|cosigning| cosigning.without_quorum == WithoutQuorum::Wait);
    let shared = Arc::new(Shared {
        name: config.name,
        format: leaf_format,
        cold,
        edge: RwLock::new(edge),
        full_bundles: watch::Sender::new(head.head.size / WIDTH),
        published: watch::Sender::new(Arc::new(head)),
        answers: watch::Sender::new(!must_wait),
        cosigned: AtomicU64::new(0),
        queue: Queue::new(config.queue_limit),
        known: Known::new(known),
        tiles: Mutex::new(TileCache::default()),
        flushed: AtomicU64::new(base / WIDTH),
        anchored: AtomicU64::new(
            anchored
                .as_ref()
                .ok()
                .copied()
                .flatten()
                .map_or(0, |anchored| anchored.head.size),
        ),
    });
    recover_index(&shared, base).await?;
    let mut engine = Box::new(Engine {
        shared: Arc::clone(&shared),
        journal,
        signer,
        cosigner: cosigning.map(|cosigning| Cosigner::new(cosigning, Handle::current())),
        clock,
        runtime: Handle::current(),
        max_round_entries: config.max_round_entries.max(1),
        min_round_interval: config.min_round_interval,
        refresh_interval: config.refresh_interval,
        distinct_times: config.distinct_times,
        last_commit: Duration::ZERO,
        renews_at: None,
    });
    if is_new {
        engine = begin(engine).await?;
    } else if let Some(reason) =
        against_anchor(&shared, anchored, config.adopts_missing_anchor).await?
    {
        shared.stop(reason);
        return Ok(Recovered::ReadOnly(shared));
    }
    if is_last {
        shared.queue.freeze();
    }
    Ok(match anchor_now(&shared, anchor).await {
        Some(anchor) => Recovered::Writable {
            shared,
            engine,
            anchor,
        },
        None => Recovered::ReadOnly(shared),
    })
}

/// 1. A journal's calls block.
async fn load(mut journal: Box<dyn Journal>) -> Result<(Box<dyn Journal>, Vec<Round>), Error> {
    blocking(move || {
        let rounds = journal.load()?;
        Ok((journal, rounds))
    })
    .await
}

/// The anchor, and what it remembers or why it does not.
type Loaded = (
    Box<dyn Anchor>,
    Result<Option<Anchored>, crate::AnchorError>,
);

async fn load_anchor(mut anchor: Box<dyn Anchor>) -> Result<Loaded, Error> {
    blocking(move || {
        let anchored = anchor.load();
        Ok((anchor, anchored))
    })
    .await
}

/// 1. An empty journal beside an anchor or tiles is a lost journal, not a new log.
async fn refuse_leftovers(
    cold: &dyn cold::ColdStorage,
    anchored: &Result<Option<Anchored>, crate::AnchorError>,
) -> Result<(), Error> {
    let lost = |why: String| Err(Error::Inconsistent { why });
    match anchored {
        Ok(Some(anchored)) if anchored.head.size > 0 => {
            return lost(format!(
                "the journal is empty, but the anchor knows {} entries",
                anchored.head.size
            ));
        }
        Err(error) => {
            return lost(format!(
                "the journal is empty and the anchor unreadable ({error})"
            ));
        }
        Ok(_) => {}
    }
    if cold.get(&tile_path(0, 0)).await?.is_some() {
        return lost("the journal is empty, but cold storage holds tiles".to_owned());
    }
    Ok(())
}

/// 2. The right edge, and the size up to which everything is in cold storage.
async fn rebuild_edge(
    cold: &dyn cold::ColdStorage,
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
        for (index, entry) in (round.first..).zip(&round.entries) {
            let leaf = format
                .read(&entry.bundle)
                .map_err(|error| damaged_entry(index, &error))?;
            if leaf.leaf_hash != entry.leaf_hash {
                return inconsistent(format!(
                    "the journal's leaf hash of entry {index} is not that of its bytes"
                ));
            }
            if index >= base {
                edge.push(entry.leaf_hash, recorded(entry));
            }
        }
        if round.head.size >= base && root_of(&edge, round.head.size).ok() != Some(round.head.root)
        {
            return inconsistent(format!(
                "the tree of size {} does not have the root that was signed",
                round.head.size
            ));
        }
    }
    Ok((edge, base))
}

/// The columns of the partial tiles above the full bundles of a log, from level 1 up.
async fn columns(cold: &dyn cold::ColdStorage, size: u64) -> Result<Vec<Vec<NodeHash>>, Error> {
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

async fn tile_root(cold: &dyn cold::ColdStorage, level: u8, index: u64) -> Result<NodeHash, Error> {
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

/// Step 4: the last bundle, so that a restore without bundles is noticed; then the index of entries, which is brought up to the
/// log if it lags by no more than it keeps in memory. The rest is the keeper's, so that a start is quick.
async fn recover_index(shared: &Shared, base: u64) -> Result<(), Error> {
    if let Some(last_full) = (base / WIDTH).checked_sub(1) {
        shared
            .cold_bundle(last_full, 0..usize::from(TILE_WIDTH))
            .await?;
    }
    let index = shared.known.index();
    if index.covered() > shared.size() {
        // That of a newer copy, or of another log.
        index.clear()?;
    }
    let mut bundles = 0;
    while bundles < BUNDLES_AT_START && shared.catch_up().await? {
        bundles += 1;
    }
    Ok(())
}

/// A new log signs its empty tree, on a thread where it may block.
async fn begin(mut engine: Box<Engine>) -> Result<Box<Engine>, Error> {
    blocking(move || engine.genesis().map(|()| engine)).await
}

/// 5. Why the log must not be written, if it must not.
async fn against_anchor(
    shared: &Shared,
    anchored: Result<Option<Anchored>, crate::AnchorError>,
    adopts_missing: bool,
) -> Result<Option<String>, Error> {
    let published = shared.published();
    let size = published.head.size;
    let anchored = match anchored {
        Ok(Some(anchored)) => anchored,
        Ok(None) if size == 0 || adopts_missing => return Ok(None),
        Ok(None) => {
            return Ok(Some(format!(
                "the log has {size} entries and its anchor is missing; restore the anchor, or adopt the log when it is \
                 certainly the latest copy"
            )));
        }
        Err(error) => {
            return Ok(Some(format!(
                "the anchor cannot be read ({error}); restore it"
            )));
        }
    };
    if anchored.head.size > size || anchored.time_millis > published.time_millis {
        return Ok(Some(format!(
            "the store is behind its anchor: size {size}, but {} was published; this is an older copy of the log, \
             restore the latest one",
            anchored.head.size
        )));
    }
    let root = shared.root_at(anchored.head.size).await?;
    Ok((root != anchored.head.root).then(|| {
        format!(
            "the store does not contain the tree of size {} that its anchor knows",
            anchored.head.size
        )
    }))
}

/// The anchor knows the log before its first new entry; `None` when it cannot be written.
async fn anchor_now(shared: &Shared, anchor: Box<dyn Anchor>) -> Option<Box<dyn Anchor>> {
    let anchored = Anchored::from(&*shared.published());
    let (anchor, stored) = keeper::store(anchor, anchored).await;
    match stored {
        Ok(()) => {
            shared
                .anchored
                .store(anchored.head.size, std::sync::atomic::Ordering::Release);
            anchor
        }
        Err(error) => {
            shared.stop(format!(
                "the anchor cannot be written ({error}), so a rollback would go unnoticed"
            ));
            None
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        Err(Error::Inconsistent {
            why: format!("opening was interrupted ({error})"),
        })
    })
}

fn inconsistent<T>(why: String) -> Result<T, Error> {
    Err(Error::Inconsistent { why })
}

fn damaged_entry(index: u64, error: &crate::LeafFormatError) -> Error {
    Error::Inconsistent {
        why: format!("entry {index} of the journal: {error}"),
    }
}

/// As many entries as the index has in memory when it was not written for longest.
const BUNDLES_AT_START: usize = 512;

/// An object store answers slowly, but many at once.
const PARALLEL_READS: usize = 16;
