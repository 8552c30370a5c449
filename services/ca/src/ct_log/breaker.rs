//! A breaker: what failed several times in a row is not asked again for a while, so that nobody waits for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Whether something may be asked.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Nobody asks before this time; after it one does, and the others wait for what comes of it.
    closed_until: Option<Instant>,
}

impl Breaker {
    /// Lets a request through, or says how long none is.
    pub(super) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        let Some(until) = state.closed_until else {
            return Ok(());
        };
        if now < until {
            return Err(until - now);
        }
        state.closed_until = Some(now + pause(state.failures));
        Ok(())
    }

    /// For how long none is let through; none if one is now.
    pub(super) fn rests(&self, now: Instant) -> Option<Duration> {
        let until = self.state().closed_until?;
        until
            .checked_duration_since(now)
            .filter(|left| !left.is_zero())
    }

    /// The request was answered.
    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// The request was not answered.
    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.closed_until = Some(now + pause(state.failures));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(FAILURES).min(4);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

/// One lost answer is no outage.
const FAILURES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A log that is back is used again within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(failures: u32, now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..failures {
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn opens_after_several_failures_in_a_row() {
        let now = Instant::now();
        for failures in 0..FAILURES {
            assert!(broken(failures, now).admit(now).is_ok(), "{failures}");
        }
        let breaker = broken(FAILURES, now);
        assert_eq!(breaker.admit(now), Err(FIRST_PAUSE));
        breaker.succeeded();
        assert!(breaker.admit(now).is_ok());
    }

    #[test]
    fn one_failure_is_forgotten_by_a_success() {
        let now = Instant::now();
        let breaker = broken(FAILURES - 1, now);
        breaker.succeeded();
        breaker.failed(now);
        assert!(breaker.admit(now).is_ok());
    }

    #[test]
    fn lets_one_request_through_after_the_pause() {
        let now = Instant::now();
        let breaker = broken(FAILURES, now);
        let later = now + FIRST_PAUSE;
        assert!(breaker.admit(later).is_ok());
        assert!(
            breaker.admit(later).is_err(),
            "the second waits for the first"
        );
        breaker.failed(later);
        assert_eq!(breaker.admit(later), Err(FIRST_PAUSE * 2));
    }

    #[test]
    fn the_pause_grows_up_to_a_bound() {
        let now = Instant::now();
        let pauses: Vec<_> = (FAILURES..FAILURES + 8)
            .map(|failures| broken(failures, now).admit(now).unwrap_err().as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10, 10, 10]);
    }
}
