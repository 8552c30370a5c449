use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::head::published::PublishedHead;
use crate::round::cosigner::{Cosigner, Whom};
use crate::round::failure::Failure;
use crate::state::State;

/// Stands between a durable head and its publication, where the log has witnesses.
pub(crate) struct Quorum {
    state: Arc<State>,
    cosigner: Option<Cosigner>,
}

impl Quorum {
    pub(crate) fn new(state: Arc<State>, cosigner: Option<Cosigner>) -> Self {
        Self { state, cosigner }
    }

    /// The head with the cosignatures under which it is published. Where the log must not go on without a quorum, it asks
    /// until there is one.
    pub(crate) fn cosign(
        &mut self,
        signed: PublishedHead,
        whom: Whom,
    ) -> Result<PublishedHead, Failure> {
        let Self { state, cosigner } = self;
        let Some(cosigner) = cosigner.as_mut().filter(|each| each.asks(&signed, whom)) else {
            return Ok(signed);
        };
        let mut ask = |whom| {
            let cosigned = cosigner.ask(&state.name, &signed, &state.tree, whom);
            cosigned.map_err(Failure::Dead)
        };
        let mut cosigned = ask(whom)?;
        // A log that has ended answers nobody any more.
        while cosigned.must_wait() && !state.queue.is_frozen() {
            let reason = format!("too few witnesses cosign: {}", cosigned.missing);
            state.hindrance.set(&state.name, reason);
            state.queue.wait_until(Instant::now() + RETRY);
            if state.queue.closed().is_some() {
                return Err(Failure::Dead(STOPPED_WAITING.to_owned()));
            }
            cosigned = ask(Whom::Quorum)?;
        }
        state.hindrance.clear(&state.name);
        if cosigned.is_quorum_met {
            state.note_cosigned(signed.head.size);
        }
        Ok(cosigned.head)
    }
}

const STOPPED_WAITING: &str = "it was stopped while it waited for its witnesses";

/// Between two tries of a log that waits.
const RETRY: Duration = Duration::from_secs(1);
