//! What happens when a log is opened, in this order; any step that does not fit ends it, because going on would be a
//! guess.
//!
//! 1. The journal answers its rounds. None at all and nothing in cold storage: a new log, which signs its empty tree.
//! 2. The right edge is built from full tiles up to the last full bundle before the journal, then from the journal's
//!    entries; every round's root is computed again and compared.
//! 3. The last checkpoint is verified under the configured key.
//! 4. The last full bundle is checked against its tile, and the index of entries is brought up to the log.
//! 5. The anchor is compared: a log that is behind it, or that it does not contain, is readable and takes no entries.

use std::sync::Arc;
use std::time::Duration;

use sigstead_journal::{Journal, Round};
use sigstead_merkle::TreeHead;
use tokio::runtime::Handle;

use crate::cold_paths::tile_path;
use crate::config::LogConfig;
use crate::cosigner::Cosigner;
use crate::edge::WIDTH;
use crate::engine::Engine;
use crate::failure::chain;
use crate::head_signer::ConsistentSigner;
use crate::keeper;
use crate::log::LogParts;
use crate::rebuild::rebuild_edge;
use crate::shared::{Shared, Stored};
use crate::{Anchor, AnchorClaim, Anchored, Cosigning, Error, HeadSigner, PublishedHead};

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
    let (claim, (anchor, anchored)) = load_anchor(parts.anchor).await?;
    let (journal, rounds) = load(parts.journal).await?;
    let is_new = rounds.is_empty();
    if is_new {
        refuse_leftovers(&*parts.cold, &anchored).await?;
    }
    let (edge, base) = rebuild_edge(&*parts.cold, &*parts.leaf_format, &rounds).await?;
    let head = last_head(&rounds, &*parts.head_signer)?;
    let is_last = parts.head_signer.is_last(&head.note);
    let signer = ConsistentSigner::new(parts.head_signer, head.head);
    let stored = Stored {
        edge,
        base,
        head,
        anchored: anchored.as_ref().ok().copied().flatten(),
    };
    let (format, cold) = (parts.leaf_format, parts.cold);
    let must_wait = parts.cosigning.as_ref().is_some_and(Cosigning::must_wait);
    let shared = Shared::new(&config, stored, format, cold, parts.known, must_wait)?;
    let shared = Arc::new(shared);
    recover_index(&shared, base).await?;
    let engine = Box::new(Engine {
        shared,
        _claim: claim,
        journal,
        signer,
        cosigner: parts.cosigning.map(Cosigner::new),
        clock: parts.clock,
        runtime: Handle::current(),
        last_commit: Duration::ZERO,
        renews_at: None,
        recheck: None,
        config,
    });
    // A new log's anchor was looked at above.
    let (engine, anchored) = if is_new {
        (begin(engine).await?, Ok(None))
    } else {
        (engine, anchored)
    };
    settle(engine, is_last, (anchor, anchored)).await
}

/// 5. Decides what the log is opened for.
async fn settle(
    engine: Box<Engine>,
    is_last: bool,
    (anchor, anchored): Loaded,
) -> Result<Recovered, Error> {
    let shared = Arc::clone(&engine.shared);
    let adopts_missing = engine.config.adopts_missing_anchor;
    if let Some(reason) = against_anchor(&shared, anchored, adopts_missing).await? {
        shared.stop(reason);
        return Ok(Recovered::ReadOnly(shared));
    }
    if is_last {
        shared.queue.freeze();
    }
    // The anchor knows the log before its first new entry.
    let anchored = Anchored::from(&*shared.published());
    Ok(match keeper::anchor_at(&shared, anchor, anchored).await {
        Some(anchor) => Recovered::Writable {
            shared,
            engine,
            anchor,
        },
        None => Recovered::ReadOnly(shared),
    })
}

/// 3. The head of the last round, which must be this log's; that of no round is of the empty tree, and unsigned.
fn last_head(rounds: &[Round], signer: &dyn HeadSigner) -> Result<PublishedHead, Error> {
    let Some(last) = rounds.last() else {
        return Ok(PublishedHead {
            head: TreeHead::empty(),
            time_millis: 0,
            note: bytes::Bytes::new(),
        });
    };
    let verified = signer.verify(&last.head, last.time_millis, &last.checkpoint);
    verified.map_err(|source| Error::WrongKey { source })?;
    Ok(PublishedHead {
        head: last.head,
        time_millis: last.time_millis,
        note: last.checkpoint.clone(),
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

/// Claims and reads the anchor. A log whose anchor another copy has is not opened at all.
async fn load_anchor(mut anchor: Box<dyn Anchor>) -> Result<(Option<AnchorClaim>, Loaded), Error> {
    blocking(move || {
        let (claim, anchored) = match anchor.claim() {
            Ok(claim) => (Some(claim), anchor.load()),
            Err(error @ crate::AnchorError::InUse { .. }) => return Err(error.into()),
            Err(error) => (None, Err(error)),
        };
        Ok((claim, (anchor, anchored)))
    })
    .await
}

/// 1. An empty journal beside an anchor or tiles is a lost journal, not a new log.
async fn refuse_leftovers(
    cold: &dyn sigstead_cold::ColdStorage,
    anchored: &Result<Option<Anchored>, crate::AnchorError>,
) -> Result<(), Error> {
    let lost = |why: String| Err(Error::Inconsistent { why });
    match anchored {
        Ok(Some(anchored)) if anchored.head.size > 0 => {
            return lost(format!(
                "E-LOG-006: the journal is empty, but the anchor knows {} entries",
                anchored.head.size
            ));
        }
        Err(error) => {
            return lost(format!(
                "E-LOG-006: the journal is empty and the anchor unreadable ({error})"
            ));
        }
        Ok(_) => {}
    }
    if cold.get(&tile_path(0, 0)).await?.is_some() {
        return lost("E-LOG-006: the journal is empty, but cold storage holds tiles".to_owned());
    }
    Ok(())
}

/// Step 4: the last bundle, so that a restore without bundles is noticed; then the index of entries, which is brought up
/// to the log if it lags by no more than it keeps in memory. The rest is the keeper's, so that a start is quick.
async fn recover_index(shared: &Shared, base: u64) -> Result<(), Error> {
    if let Some(last_full) = (base / WIDTH).checked_sub(1) {
        shared.check_cold_bundle(last_full).await?;
    }
    let index = shared.known.index();
    if index.covered() > shared.size() {
        // That of a newer copy, or of another log.
        index.clear()?;
    }
    for _ in 0..BUNDLES_AT_START {
        match shared.catch_up().await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let log = &shared.name;
                tracing::warn!(log, %error, cause = ?error, "the index of entries lags behind the log");
                break;
            }
        }
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
                "E-LOG-001: the log has {size} entries and its anchor is missing; if this is certainly the latest copy and no \
                 other runs, adopt it with `sigctl log adopt`"
            )));
        }
        Err(error) => {
            return Ok(Some(format!(
                "E-LOG-004: the anchor cannot be read ({}); restore it",
                chain(&error)
            )));
        }
    };
    if anchored.head.size > size || anchored.time_millis > published.time_millis {
        return Ok(Some(format!(
            "E-LOG-002: the store is behind its anchor: size {size}, but {} was published; this is an older copy of the log, \
             restore the latest one",
            anchored.head.size
        )));
    }
    let root = shared.root_at(anchored.head.size).await?;
    Ok((root != anchored.head.root).then(|| {
        format!(
            "E-LOG-003: the store does not contain the tree of size {} that its anchor knows",
            anchored.head.size
        )
    }))
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

/// As many entries as the index has in memory when it was not written for longest.
const BUNDLES_AT_START: usize = 512;
