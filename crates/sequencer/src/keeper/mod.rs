//! The tasks behind a log: one writes what is full to cold storage, one keeps the anchor, one the index of entries.

pub(crate) mod anchor;
pub(crate) mod cold;
mod index;
mod pause;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::head::anchor::{Anchor, Anchored};
use crate::keeper::cold::Flusher;
use crate::state::State;

/// Starts the tasks; they end after `stopped` turns true.
pub(crate) fn start(
    state: &Arc<State>,
    flusher: Arc<Flusher>,
    anchor: Box<dyn Anchor>,
    stopped: watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let flush = flusher.run(stopped.clone());
    let anchored = Anchored::from(&*state.published());
    let keep = anchor::keep(Arc::clone(state), anchor, anchored, stopped.clone());
    let index = index::keep(Arc::clone(state), stopped);
    vec![tokio::spawn(flush), tokio::spawn(keep), tokio::spawn(index)]
}
