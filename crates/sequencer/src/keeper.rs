//! The tasks behind a log: one writes what is full to cold storage, one keeps the anchor, one the index of entries.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sigstead_tiles::TILE_WIDTH;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::bundle::{encode_bundle, encode_side};
use crate::cold_paths::{bundle_path, completed_tiles, side_path, tile_path};
use crate::edge::WIDTH;
use crate::failure::chain;
use crate::shared::Shared;
use crate::{Anchor, AnchorError, Anchored, Error};

/// Starts the tasks; they end after `stopped` turns true.
pub(crate) fn start(
    shared: &Arc<Shared>,
    anchor: Box<dyn Anchor>,
    stopped: watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let flush = flush_all(Arc::clone(shared), stopped.clone());
    let keep = keep_anchor(
        Arc::clone(shared),
        anchor,
        Anchored::from(&*shared.published()),
        stopped.clone(),
    );
    let index = keep_index(Arc::clone(shared), stopped);
    vec![tokio::spawn(flush), tokio::spawn(keep), tokio::spawn(index)]
}

/// Brings the index of entries up to the log when it lags, and writes what it has in memory to disk.
async fn keep_index(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut full = shared.full_bundles.subscribe();
    while !*stopped.borrow_and_update() {
        full.borrow_and_update();
        if let Err(error) = maintain_index(&shared, &stopped).await {
            tracing::warn!(log = shared.name, %error, cause = ?error, "the index of entries lags behind the log");
            pause(RETRY, &mut stopped).await;
            continue;
        }
        tokio::select! {
            changed = full.changed() => if changed.is_err() { return },
            () = shared.known.lags() => {}
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

async fn maintain_index(shared: &Shared, stopped: &watch::Receiver<bool>) -> Result<(), Error> {
    loop {
        if shared.known.index().is_due() {
            let index = Arc::clone(shared.known.index());
            // Cancelled only when the whole process ends.
            let maintained = tokio::task::spawn_blocking(move || index.maintain()).await;
            maintained.unwrap_or(Ok(()))?;
        }
        let is_behind = shared.known.index().covered() < shared.size();
        if !is_behind || *stopped.borrow() || !shared.catch_up().await? {
            return Ok(());
        }
    }
}

/// Writes bundle after bundle to cold storage as soon as it is full and published.
async fn flush_all(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut full = shared.full_bundles.subscribe();
    loop {
        let is_stopped = *stopped.borrow_and_update();
        let bundles = *full.borrow_and_update();
        let flushed = flush_until(&shared, bundles).await;
        if let Err(Error::Cold(sigstead_cold::Error::Differs { path })) = &flushed {
            // Either this log or another one wrote there; going on would publish two logs in one place.
            shared.stop(format!(
                "cold storage holds other content at {path}; find out who wrote it"
            ));
            return;
        }
        if is_stopped {
            return;
        }
        if let Err(error) = flushed {
            let reason = format!("full tiles wait for cold storage: {}", chain(&error));
            shared.cold_hindrance.set(&shared.name, reason);
            pause(RETRY, &mut stopped).await;
            continue;
        }
        shared.cold_hindrance.clear(&shared.name);
        tokio::select! {
            changed = full.changed() => if changed.is_err() { return },
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

/// Stores several bundles at once, because each put waits for a medium; memory lets go of them in order.
async fn flush_until(shared: &Shared, full: u64) -> Result<(), Error> {
    let next = shared.flushed.load(Ordering::Acquire);
    let mut stored = futures::stream::iter(next..full)
        .map(|bundle| put_bundle(shared, bundle))
        .buffered(PARALLEL_PUTS);
    while let Some(bundle) = stored.try_next().await? {
        let_go(shared, bundle);
    }
    Ok(())
}

/// Stores one bundle, what belongs to it, and every tile that its last entry completes.
async fn put_bundle(shared: &Shared, bundle: u64) -> Result<u64, Error> {
    for (path, bytes) in objects(shared, bundle)? {
        shared.cold.put(&path, bytes).await?;
    }
    Ok(bundle)
}

/// Compares what cold storage has of the bundles that memory holds with what would be written there.
pub(crate) async fn compare_held(shared: &Shared) -> Result<(), Error> {
    let full = *shared.full_bundles.borrow();
    for bundle in shared.flushed.load(Ordering::Acquire)..full {
        for (path, bytes) in objects(shared, bundle)? {
            let stored = shared.cold.get(&path).await?;
            if stored.is_some_and(|stored| stored != bytes) {
                return Err(sigstead_cold::Error::Differs { path }.into());
            }
        }
    }
    Ok(())
}

/// Everything up to and including this bundle is in cold storage: memory and the journal may forget it.
fn let_go(shared: &Shared, bundle: u64) {
    let mut edge = shared.edge_mut();
    edge.forget_bundle(bundle);
    for (level, index) in completed_tiles(bundle) {
        edge.forget_tile(level, index);
    }
    shared.hold(&edge);
    drop(edge);
    shared.flushed.store(bundle + 1, Ordering::Release);
    shared.queue.trim((bundle + 1) * WIDTH);
}

fn objects(shared: &Shared, bundle: u64) -> Result<Vec<(String, Bytes)>, Error> {
    let missing = || Error::Inconsistent {
        why: format!("bundle {bundle} is neither in memory nor in cold storage"),
    };
    let edge = shared.edge();
    let entries = edge
        .bundle_entries(bundle, TILE_WIDTH)
        .ok_or_else(missing)?;
    let mut objects = vec![(
        bundle_path(shared.format.bundle_kind(), bundle),
        encode_bundle(&entries),
    )];
    objects.extend(encode_side(bundle, &entries).map(|side| (side_path(bundle), side)));
    for (level, index) in completed_tiles(bundle) {
        let bytes = edge.tile(level, index, TILE_WIDTH).ok_or_else(missing)?;
        objects.push((tile_path(level, index), bytes));
    }
    Ok(objects)
}

/// Stores the published head at the anchor, at once after a quiet time and twice a second under load.
async fn keep_anchor(
    shared: Arc<Shared>,
    mut anchor: Box<dyn Anchor>,
    anchored_at_start: Anchored,
    mut stopped: watch::Receiver<bool>,
) {
    let mut published = shared.published.subscribe();
    let mut last = anchored_at_start;
    loop {
        let is_stopped = *stopped.borrow_and_update();
        let anchored = Anchored::from(&**published.borrow_and_update());
        if last != anchored {
            let Some(returned) = anchor_at(&shared, anchor, anchored).await else {
                return;
            };
            anchor = returned;
            last = anchored;
            if !is_stopped {
                pause(ANCHOR_INTERVAL, &mut stopped).await;
            }
        } else if is_stopped {
            return;
        } else {
            tokio::select! {
                changed = published.changed() => if changed.is_err() { return },
                changed = stopped.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Lets the anchor know a head and hands it back; a log whose anchor cannot be written stops.
pub(crate) async fn anchor_at(
    shared: &Shared,
    anchor: Box<dyn Anchor>,
    anchored: Anchored,
) -> Option<Box<dyn Anchor>> {
    let (anchor, stored) = store(anchor, anchored).await;
    match stored {
        Ok(()) => {
            shared.anchored.store(anchored.head.size, Ordering::Release);
            anchor
        }
        Err(error) => {
            shared.stop(format!(
                "E-LOG-007: the anchor cannot be written ({}), so a rollback would go unnoticed",
                chain(&error)
            ));
            None
        }
    }
}

/// Writes the anchor on a thread that may block, and hands it back.
async fn store(
    mut anchor: Box<dyn Anchor>,
    anchored: Anchored,
) -> (Option<Box<dyn Anchor>>, Result<(), AnchorError>) {
    let stored = tokio::task::spawn_blocking(move || {
        let result = anchor.store(&anchored);
        (Some(anchor), result)
    });
    stored.await.unwrap_or_else(|ended| {
        let source = std::io::Error::other("its thread failed");
        let (action, place) = ("write", "of the log".to_owned());
        let failed = AnchorError::Io {
            action,
            place,
            source,
        };
        // Otherwise the whole process ends.
        (
            None,
            if ended.is_panic() {
                Err(failed)
            } else {
                Ok(())
            },
        )
    })
}

/// Waits, but not longer than the log lives.
async fn pause(duration: Duration, stopped: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Half of the second by which the anchor may trail.
const ANCHOR_INTERVAL: Duration = Duration::from_millis(500);

/// Bounds the memory and the connections that flushing takes.
const PARALLEL_PUTS: usize = 8;

const RETRY: Duration = Duration::from_secs(1);
