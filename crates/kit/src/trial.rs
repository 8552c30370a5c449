//! What is too dear to be done each time that somebody asks whether the service is ready.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::problem::causes;

type TryFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type TryFn = dyn Fn() -> TryFuture + Send + Sync;

/// Something that is tried, such as a signature: one try at a time, and its outcome counts for a few seconds, so that those who
/// ask cannot have it done as often as they like.
///
/// A try is not given up when nobody waits for it any more. What does not answer would otherwise be asked again and again, and
/// its calls would pile up.
#[derive(Clone)]
pub(crate) struct Trial {
    attempt: Arc<TryFn>,
    /// Those who ask write that a try begins, and the try what came of it.
    state: watch::Sender<State>,
}

#[derive(Clone, Default)]
struct State {
    /// Since when a try is under way.
    since: Option<Instant>,
    last: Option<Outcome>,
}

#[derive(Clone)]
struct Outcome {
    at: Instant,
    found: Result<(), String>,
}

impl Trial {
    pub(crate) fn new<F, Fut>(attempt: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self {
            attempt: Arc::new(move || Box::pin(attempt())),
            state: watch::Sender::new(State::default()),
        }
    }

    /// What came of the last try, or of one that is made now if that was a while ago.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let mut state = self.state.subscribe();
        self.begin_if_due();
        let done = state.wait_for(|state| state.since.is_none());
        let done = tokio::time::timeout(PATIENCE, done).await;
        // The sender is held by `self`.
        let done = done.ok().and_then(Result::ok);
        match done.and_then(|state| state.last.clone()) {
            Some(outcome) => outcome.found,
            None => Err(self.late()),
        }
    }

    fn begin_if_due(&self) {
        let begins = self.state.send_if_modified(|state| {
            let is_due = state.since.is_none() && !state.last.as_ref().is_some_and(Outcome::counts);
            if is_due {
                state.since = Some(Instant::now());
            }
            is_due
        });
        if begins {
            tokio::spawn(finish((self.attempt)(), self.state.clone()));
        }
    }

    fn late(&self) -> String {
        let since = self.state.borrow().since;
        let seconds = since.map_or(PATIENCE, |since| since.elapsed()).as_secs();
        format!(
            "E-KIT-035: no answer for {seconds} seconds; see to what is tried here, it is not asked again before it answers"
        )
    }
}

impl Outcome {
    /// What was well is taken to be so for longer than what was not, so that a service is back soon.
    fn counts(&self) -> bool {
        let time = match self.found {
            Ok(()) => GOOD,
            Err(_) => BAD,
        };
        self.at.elapsed() < time
    }
}

/// Carries a try out and tells what came of it, also if it ends by a panic.
async fn finish(attempt: TryFuture, state: watch::Sender<State>) {
    let found = tokio::spawn(attempt).await;
    let found = found.unwrap_or_else(|_| {
        Err("E-KIT-036: the try ended by a fault of the service; see its log".to_owned())
    });
    state.send_modify(|state| {
        state.since = None;
        state.last = Some(Outcome {
            at: Instant::now(),
            found,
        });
    });
}

/// Why a service is not ready whose key, tried, did not sign.
#[must_use]
pub fn key_is_away(error: &dyn std::error::Error) -> String {
    format!(
        "E-KIT-037: the key does not sign ({}); bring it back, and the service goes on by itself",
        causes(error)
    )
}

/// Below the time that a check of readiness may take.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Below the pause between two probes that orchestrators use by habit, so that each sees a new try.
const GOOD: Duration = Duration::from_millis(4_500);
const BAD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// A thing that counts its tries and answers as it is told, once it is let.
    struct Thing {
        tries: AtomicUsize,
        lets: Semaphore,
        is_away: std::sync::atomic::AtomicBool,
    }

    fn thing(lets: usize) -> (Arc<Thing>, Trial) {
        let thing = Arc::new(Thing {
            tries: AtomicUsize::new(0),
            lets: Semaphore::new(lets),
            is_away: std::sync::atomic::AtomicBool::new(false),
        });
        let tried = Arc::clone(&thing);
        let trial = Trial::new(move || {
            let thing = Arc::clone(&tried);
            async move {
                thing.tries.fetch_add(1, Ordering::Relaxed);
                thing.lets.acquire().await.unwrap().forget();
                match thing.is_away.load(Ordering::Relaxed) {
                    true => Err("away".to_owned()),
                    false => Ok(()),
                }
            }
        });
        (thing, trial)
    }

    fn tries(thing: &Thing) -> usize {
        thing.tries.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_and_soon_after_have_one_try() {
        let (thing, trial) = thing(9);
        let asked = futures::future::join_all((0..50).map(|_| trial.check())).await;
        assert!(asked.iter().all(Result::is_ok));
        trial.check().await.unwrap();
        assert_eq!(tries(&thing), 1);
        tokio::time::advance(GOOD).await;
        trial.check().await.unwrap();
        assert_eq!(tries(&thing), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_away_is_told_and_is_found_again_within_a_second() {
        let (thing, trial) = thing(9);
        trial.check().await.unwrap();
        thing.is_away.store(true, Ordering::Relaxed);
        trial.check().await.unwrap();
        tokio::time::advance(GOOD).await;
        assert_eq!(trial.check().await.unwrap_err(), "away");
        thing.is_away.store(false, Ordering::Relaxed);
        trial.check().await.unwrap_err();
        tokio::time::advance(BAD).await;
        trial.check().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_answer_is_asked_once_until_it_does() {
        let (thing, trial) = thing(0);
        for _ in 0..20 {
            let late = trial.check().await.unwrap_err();
            assert!(late.starts_with("E-KIT-035: no answer for"), "{late}");
        }
        assert_eq!(tries(&thing), 1);
        thing.lets.add_permits(1);
        trial.check().await.unwrap();
        assert_eq!(tries(&thing), 1);
    }

    #[tokio::test]
    async fn a_try_that_ends_by_a_panic_is_not_waited_for() {
        let trial = Trial::new(|| async { panic!("on purpose") });
        let told = trial.check().await.unwrap_err();
        assert!(told.starts_with("E-KIT-036"), "{told}");
    }
}
