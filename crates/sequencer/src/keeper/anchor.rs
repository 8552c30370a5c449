use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::error::chain;
use crate::head::anchor::{Anchor, AnchorError, Anchored};
use crate::keeper::pause::pause;
use crate::state::State;

/// Stores the published head at the anchor, at once after a quiet time and twice a second under load.
pub(crate) async fn keep(
    state: Arc<State>,
    mut anchor: Box<dyn Anchor>,
    anchored_at_start: Anchored,
    mut stopped: watch::Receiver<bool>,
) {
    let mut published = state.subscribe();
    let mut last = anchored_at_start;
    loop {
        let is_stopped = *stopped.borrow_and_update();
        let anchored = Anchored::from(&**published.borrow_and_update());
        if last != anchored {
            let Some(returned) = store_at(&state, anchor, anchored).await else {
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
pub(crate) async fn store_at(
    state: &State,
    anchor: Box<dyn Anchor>,
    anchored: Anchored,
) -> Option<Box<dyn Anchor>> {
    let (anchor, stored) = store(anchor, anchored).await;
    match stored {
        Ok(()) => {
            state.note_anchored(&anchored);
            anchor
        }
        Err(error) => {
            state.stop(format!(
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

/// Half of the second by which the anchor may trail.
const ANCHOR_INTERVAL: Duration = Duration::from_millis(500);
