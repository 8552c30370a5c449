use std::time::{Duration, Instant};

/// What the log's thread tries out, and when, because the last round was not committed: where a service gets no requests
/// while it is not ready, no round would show that it could be.
#[derive(Debug, Default)]
pub(crate) struct Recheck(Option<Missing>);

#[derive(Debug)]
struct Missing {
    at: Instant,
    /// Room of this size was last missing.
    bytes: usize,
}

impl Recheck {
    /// Tries again in a moment, with room for `bytes`.
    pub(crate) fn set(&mut self, bytes: usize) {
        self.0 = Some(Missing {
            at: Instant::now() + PAUSE,
            bytes,
        });
    }

    /// Ends the trials if a round of `bytes`, which could be committed, shows that nothing is missing any more; tells whether
    /// it does. A smaller one than there was no room for shows nothing: it may have taken the last of the old room.
    pub(crate) fn settle(&mut self, bytes: usize) -> bool {
        let settled = self.0.take_if(|missing| missing.bytes <= bytes);
        settled.is_some()
    }

    /// How long the thread may wait for work.
    pub(crate) fn rest(&self) -> Option<Duration> {
        let missing = self.0.as_ref()?;
        Some(missing.at.saturating_duration_since(Instant::now()))
    }

    /// How much room to try, when it is time.
    pub(crate) fn due(&self) -> Option<usize> {
        let missing = self.0.as_ref()?;
        (missing.at <= Instant::now()).then_some(missing.bytes)
    }
}

const PAUSE: Duration = Duration::from_secs(1);
