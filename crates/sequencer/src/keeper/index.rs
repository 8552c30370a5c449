use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;
use crate::feed::Progress;
use crate::keeper::pause::{RETRY, pause};
use crate::state::State;

/// Brings the index of entries up to the log when it lags, and writes what it has in memory to disk.
pub(crate) async fn keep(state: Arc<State>, mut stopped: watch::Receiver<bool>) {
    let mut full = state.subscribe_to_full();
    while !*stopped.borrow_and_update() {
        full.borrow_and_update();
        if let Err(error) = maintain(&state, &stopped).await {
            tracing::warn!(log = state.name, %error, cause = ?error, "the index of entries lags behind the log");
            pause(RETRY, &mut stopped).await;
            continue;
        }
        tokio::select! {
            changed = full.changed() => if changed.is_err() { return },
            () = state.known.lags() => {}
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

async fn maintain(state: &State, stopped: &watch::Receiver<bool>) -> Result<(), Error> {
    let index = state.known.index();
    let mut progress = Progress::Behind;
    loop {
        if index.is_due() {
            let index = Arc::clone(index);
            // Cancelled only when the whole process ends.
            let maintained = tokio::task::spawn_blocking(move || index.maintain()).await;
            maintained.unwrap_or(Ok(()))?;
        }
        let is_behind = index.covered() < state.size();
        if !is_behind || *stopped.borrow() || progress == Progress::CaughtUp {
            return Ok(());
        }
        progress = state.known.catch_up(&state.tree, state.size()).await?;
    }
}
