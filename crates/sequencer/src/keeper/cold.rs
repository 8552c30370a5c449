use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sigstead_cold::ColdStorage;
use sigstead_tiles::{BundleKind, TILE_WIDTH};
use tokio::sync::watch;

use crate::error::{Error, chain};
use crate::keeper::pause::{RETRY, pause};
use crate::state::State;
use crate::tree::bundle::{encode_bundle, encode_side};
use crate::tree::edge::WIDTH;
use crate::tree::layout::{bundle_path, completed_tiles, side_path, tile_path};

/// Writes bundle after bundle to cold storage as soon as it is full and published.
///
/// 1. A bundle, what belongs to it and every tile that it completes are stored. A crash leaves objects that the next start
///    writes again, with the same bytes.
/// 2. Memory lets go of them, since readers find them in cold storage.
/// 3. The journal forgets their rounds.
pub(crate) struct Flusher {
    state: Arc<State>,
    storage: Arc<dyn ColdStorage>,
    kind: BundleKind,
}

impl Flusher {
    pub(crate) fn new(state: Arc<State>, storage: Arc<dyn ColdStorage>, kind: BundleKind) -> Self {
        Self {
            state,
            storage,
            kind,
        }
    }

    /// Works until the log is stopped.
    pub(crate) async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let state = &self.state;
        let mut full = state.subscribe_to_full();
        loop {
            let is_stopped = *stopped.borrow_and_update();
            let bundles = *full.borrow_and_update();
            let flushed = self.flush_until(bundles).await;
            if let Err(Error::Cold(sigstead_cold::Error::Differs { path })) = &flushed {
                // Either this log or another one wrote there; going on would publish two logs in one place.
                state.stop(format!(
                    "cold storage holds other content at {path}; find out who wrote it"
                ));
                return;
            }
            if is_stopped {
                return;
            }
            if let Err(error) = flushed {
                let reason = format!("full tiles wait for cold storage: {}", chain(&error));
                state.backlog.hindrance.set(&state.name, reason);
                pause(RETRY, &mut stopped).await;
                continue;
            }
            state.backlog.hindrance.clear(&state.name);
            tokio::select! {
                changed = full.changed() => if changed.is_err() { return },
                changed = stopped.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Stores several bundles at once, because each put waits for a medium; memory lets go of them in order.
    async fn flush_until(&self, full: u64) -> Result<(), Error> {
        let next = self.state.backlog.flushed();
        let mut stored = futures::stream::iter(next..full)
            .map(|bundle| self.put(bundle))
            .buffered(PARALLEL_PUTS);
        while let Some(bundle) = stored.try_next().await? {
            self.let_go(bundle);
        }
        Ok(())
    }

    async fn put(&self, bundle: u64) -> Result<u64, Error> {
        for (path, bytes) in self.objects(bundle)? {
            self.storage.put(&path, bytes).await?;
        }
        Ok(bundle)
    }

    /// Everything up to and including this bundle is in cold storage.
    fn let_go(&self, bundle: u64) {
        let state = &self.state;
        let mut edge = state.tree.edge_mut();
        edge.forget_bundle(bundle);
        for (level, index) in completed_tiles(bundle) {
            edge.forget_tile(level, index);
        }
        state.backlog.note_held(&edge);
        drop(edge);
        state.backlog.note_flushed(bundle + 1);
        state.queue.trim((bundle + 1) * WIDTH);
    }

    /// Compares what cold storage has of the bundles that memory holds with what would be written there.
    pub(crate) async fn compare_held(&self) -> Result<(), Error> {
        let full = self.state.size() / WIDTH;
        for bundle in self.state.backlog.flushed()..full {
            for (path, bytes) in self.objects(bundle)? {
                let stored = self.storage.get(&path).await?;
                if stored.is_some_and(|stored| stored != bytes) {
                    return Err(sigstead_cold::Error::Differs { path }.into());
                }
            }
        }
        Ok(())
    }

    fn objects(&self, bundle: u64) -> Result<Vec<(String, Bytes)>, Error> {
        let missing = || Error::Inconsistent {
            why: format!("bundle {bundle} is neither in memory nor in cold storage"),
        };
        let edge = self.state.tree.edge();
        let entries = edge
            .bundle_entries(bundle, TILE_WIDTH)
            .ok_or_else(missing)?;
        let mut objects = vec![(bundle_path(self.kind, bundle), encode_bundle(&entries))];
        objects.extend(encode_side(bundle, &entries).map(|side| (side_path(bundle), side)));
        for (level, index) in completed_tiles(bundle) {
            let bytes = edge.tile(level, index, TILE_WIDTH).ok_or_else(missing)?;
            objects.push((tile_path(level, index), bytes));
        }
        Ok(objects)
    }
}

/// Bounds the memory and the connections that flushing takes.
const PARALLEL_PUTS: usize = 8;
