//! The keys of one issuer: held, and fetched again beside the tokens that they verify.
//!
//! 1. A token is verified under the keys at hand, however old they are, up to a limit. Old keys
//!    start a fetch, which no token waits for.
//! 2. A token whose key is not among them may be the first after a rotation. It starts a fetch, one
//!    a minute, and waits for that, a few seconds at most.
//! 3. A token of an issuer without keys waits in the same way for the fetch that runs or is about
//!    to begin. While the next is further away, the token is refused with the cause of the last.
//!
//! One fetch runs at a time. It is a task of its own: a client that hangs up does not end what other
//! tokens wait for. It ends within [`FETCH_TIME`], once it has a place to run in and no name is looked up for the one before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::error::{ConfigFault, Error};
use crate::fetch::NamedBy;
use crate::fetch_limit::{Fetching, Lane};
use crate::issuer_state::{Failing, KeyState};
use crate::key_set::KeySet;
use crate::key_source::KeySource;
use crate::known_keys::{ASK_INTERVAL, Ask, First, Held, Next, State};
use crate::pause;
use crate::tally::Tally;
use crate::token::IdToken;

/// The keys of one issuer.
pub(crate) struct IssuerKeys {
    source: KeySource,
    /// Keys that are older do not count.
    longest_age: Duration,
    /// Counts the fetches that fail.
    tally: Arc<Tally>,
    /// Tokens write it when they start a fetch, the fetch when it ends. Nobody holds it while waiting.
    state: Mutex<State>,
    /// Has one place: a fetch that was given up may look up a name still.
    turn: Arc<Semaphore>,
    /// Changes when a fetch has ended; `state` then says how.
    ended: watch::Sender<()>,
}

impl IssuerKeys {
    /// The keys of `source`.
    ///
    /// # Errors
    /// The operator wrote keys that cannot be used.
    pub(crate) fn new(
        source: KeySource,
        longest_age: Duration,
        tally: Arc<Tally>,
    ) -> Result<Self, ConfigFault> {
        let now = Instant::now();
        let pinned = source.pinned().transpose()?.map(Held::pinned);
        let state = State {
            next: match pinned {
                Some(_) => Next::Never,
                None => Next::At(now),
            },
            held: pinned,
            failures: 0,
            failing: None,
            asked_at: None,
            absent: VecDeque::new(),
        };
        Ok(Self {
            source,
            longest_age,
            tally,
            state: Mutex::new(state),
            turn: Arc::new(Semaphore::new(1)),
            ended: watch::Sender::new(()),
        })
    }

    /// Takes over what is known from the same place, as far as nobody wrote it.
    pub(crate) fn take_over(&mut self, before: &Self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.source != before.source || state.next == Next::Never {
            return;
        }
        let before = before.lock();
        state.held.clone_from(&before.held);
        state.failing.clone_from(&before.failing);
        state.failures = before.failures;
    }

    /// Whether these are to be had at the same place and for as long.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.source == other.source && self.longest_age == other.longest_age
    }

    /// Verifies a token's signature.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        fetching: &Arc<Fetching>,
        lane: &Lane,
        token: &IdToken<'_>,
    ) -> Result<(), Error> {
        let held = match self.usable() {
            Some(held) => {
                self.refresh(fetching, lane);
                held
            }
            None => self.first(fetching, lane).await?,
        };
        match held.keys.verify(token) {
            Err(refused) if is_of_unknown_key(&refused, token) => {
                self.verify_again(fetching, lane, token, &held, refused)
                    .await
            }
            outcome => outcome,
        }
    }

    /// Starts a fetch if it is time for one.
    pub(crate) fn refresh(self: &Arc<Self>, fetching: &Arc<Fetching>, lane: &Lane) {
        let mut state = self.lock();
        if state.is_due(Instant::now()) {
            // A full queue is looked at again with the next token.
            let _ = self.begin(&mut state, fetching, lane);
        }
    }

    /// How the keys are.
    pub(crate) fn state(&self) -> KeyState {
        let is_usable = self.usable().is_some();
        let state = self.lock();
        KeyState {
            is_usable,
            age: state.held.as_ref().map(|held| held.fetched_at.elapsed()),
            is_pinned: state.held.as_ref().is_some_and(|held| held.is_pinned),
            failing: state.failing.as_ref().map(|(since, error)| Failing {
                since: since.elapsed(),
                error: error.clone(),
            }),
        }
    }

    /// Whether keys were ever fetched.
    pub(crate) fn is_proven(&self) -> bool {
        self.lock().held.is_some()
    }

    /// Whether a fetch runs or waits for its place.
    pub(crate) fn is_fetching(&self) -> bool {
        self.lock().next == Next::Running
    }

    fn usable(&self) -> Option<Held> {
        let held = self.lock().held.clone();
        held.filter(|held| held.is_pinned || held.fetched_at.elapsed() < self.longest_age)
    }

    /// The keys, if they come within the time that a token waits.
    async fn first(self: &Arc<Self>, fetching: &Arc<Fetching>, lane: &Lane) -> Result<Held, Error> {
        let deadline = Instant::now() + LONGEST_WAIT;
        let mut ended = self.ended.subscribe();
        loop {
            match self.look_for_first(fetching, lane, deadline) {
                First::Keys(held) => return Ok(held),
                First::Refused(error) => return Err(error),
                First::WaitUntil(begin) => sleep_until(begin).await,
                First::Wait => {
                    if timeout_at(deadline, ended.changed()).await.is_err() {
                        return Err(self.pending(SLOW));
                    }
                }
            }
        }
    }

    fn look_for_first(
        self: &Arc<Self>,
        fetching: &Arc<Fetching>,
        lane: &Lane,
        deadline: Instant,
    ) -> First {
        if let Some(held) = self.usable() {
            return First::Keys(held);
        }
        let mut state = self.lock();
        match state.next {
            Next::Running => First::Wait,
            Next::At(begin) if begin <= Instant::now() => {
                match self.begin(&mut state, fetching, lane) {
                    Ok(()) => First::Wait,
                    Err(error) => First::Refused(error),
                }
            }
            Next::At(begin) if begin < deadline => First::WaitUntil(begin),
            Next::At(_) | Next::Never => {
                First::Refused(state.failure().unwrap_or_else(|| self.pending(SLOW)))
            }
        }
    }

    /// Verifies a token under keys that are newer than `seen`, which did not have its own.
    async fn verify_again(
        self: &Arc<Self>,
        fetching: &Arc<Fetching>,
        lane: &Lane,
        token: &IdToken<'_>,
        seen: &Held,
        refused: Error,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + LONGEST_WAIT;
        let mut ended = self.ended.subscribe();
        match self.ask(fetching, lane, token, seen, refused) {
            Ask::Newer(held) => return self.judge(&held, token),
            Ask::Refused(error) => return Err(error),
            Ask::Wait => {}
        }
        if timeout_at(deadline, ended.changed()).await.is_err() {
            return Err(self.pending(SLOW));
        }
        let (held, failure) = {
            let state = self.lock();
            (state.held.clone(), state.failure())
        };
        match held.filter(|held| !held.is(seen)) {
            Some(held) => self.judge(&held, token),
            None => Err(failure.unwrap_or_else(|| self.pending(SLOW))),
        }
    }

    fn ask(
        self: &Arc<Self>,
        fetching: &Arc<Fetching>,
        lane: &Lane,
        token: &IdToken<'_>,
        seen: &Held,
        refused: Error,
    ) -> Ask {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(held) = state.held.clone().filter(|held| !held.is(seen)) {
            return Ask::Newer(held);
        }
        if state.is_absent(token.key_id.as_deref(), now) {
            return Ask::Refused(refused);
        }
        let was_asked = |at: Instant| now < at + ASK_INTERVAL;
        match state.next {
            Next::Running => Ask::Wait,
            Next::Never => Ask::Refused(refused),
            // Its answer was taken for what it is, and a token that names no key proves none.
            _ if state.asked_at.is_some_and(was_asked) && token.key_id.is_none() => {
                Ask::Refused(refused)
            }
            _ if state.asked_at.is_some_and(was_asked) => Ask::Refused(Error::KeyJustAsked),
            // The pauses after failures hold for every token.
            Next::At(begin) if state.failures > 0 && now < begin => {
                Ask::Refused(state.failure().unwrap_or(refused))
            }
            Next::At(_) => match self.begin(&mut state, fetching, lane) {
                Ok(()) => {
                    state.asked_at = Some(now);
                    Ask::Wait
                }
                Err(error) => Ask::Refused(error),
            },
        }
    }

    /// The verdict of keys that were fetched for this token.
    fn judge(&self, held: &Held, token: &IdToken<'_>) -> Result<(), Error> {
        let verdict = held.keys.verify(token);
        if let (Err(Error::KeyUnknown), Some(key_id)) = (&verdict, &token.key_id) {
            self.lock().remember_absent(key_id, Instant::now());
        }
        verdict
    }

    /// Starts a fetch. The caller has seen that none runs.
    fn begin(
        self: &Arc<Self>,
        state: &mut State,
        fetching: &Arc<Fetching>,
        lane: &Lane,
    ) -> Result<(), Error> {
        let queued = lane.queue().ok_or_else(|| self.pending(CROWDED))?;
        state.next = Next::Running;
        let (attempt, fetching) = (Attempt::of(self.clone()), fetching.clone());
        // In the trace of the request that needs the keys.
        tokio::spawn(tracing::Instrument::in_current_span(async move {
            let held = fetching.limit.hold(queued, &attempt.keys.turn).await;
            let began = Instant::now();
            let (source, home) = (&attempt.keys.source, fetching.home.as_ref());
            let fetched = timeout(FETCH_TIME, source.fetch(&*fetching.fetch, home));
            let fetched = held.by(fetched).await;
            let outcome = fetched.unwrap_or_else(|_| Err(attempt.keys.pending(LATE)));
            attempt.end(began, outcome);
        }));
        Ok(())
    }

    fn settle(&self, began: Instant, outcome: Result<KeySet, Error>) {
        let mut state = self.lock();
        let random = pause::random();
        match outcome {
            Ok(keys) => {
                if state.failures > 0 {
                    tracing::info!(issuer = self.source.issuer(), "the issuer is back");
                }
                state.held = Some(Held {
                    keys: Arc::new(keys),
                    fetched_at: began,
                    is_pinned: false,
                });
                state.failures = 0;
                state.failing = None;
                state.next = Next::At(Instant::now() + pause::until_old(random));
            }
            Err(error) => {
                state.failures = state.failures.saturating_add(1);
                self.tally.fetch_failed();
                // Said once: an issuer that is down stays down for many attempts.
                if state.failures == 1 {
                    self.tell(&error, state.held.is_some());
                }
                let since = state.failing.as_ref().map_or(began, |(since, _)| *since);
                state.failing = Some((since, error));
                let pause = pause::after_failures(state.failures, random);
                state.next = Next::At(Instant::now() + pause);
            }
        }
        drop(state);
        self.ended.send_replace(());
    }

    fn tell(&self, error: &Error, is_proven: bool) {
        let cause = std::error::Error::source(error).map(|source| sigstead_kit::causes(&source));
        let issuer = self.source.issuer();
        // Strangers make such issuers up.
        if !is_proven && self.source.named_by() == NamedBy::Token {
            tracing::debug!(issuer, cause, "cannot get the keys of an issuer: {error}");
        } else {
            tracing::warn!(issuer, cause, "cannot get the keys of an issuer: {error}");
        }
    }

    fn pending(&self, reason: &'static str) -> Error {
        Error::IssuerPending {
            issuer: self.source.issuer().to_owned(),
            reason,
        }
    }

    /// No code that panics runs under this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch that runs. Should it end without an outcome, another may begin.
struct Attempt {
    keys: Arc<IssuerKeys>,
    has_ended: bool,
}

impl Attempt {
    fn of(keys: Arc<IssuerKeys>) -> Self {
        Self {
            keys,
            has_ended: false,
        }
    }

    fn end(mut self, began: Instant, outcome: Result<KeySet, Error>) {
        self.has_ended = true;
        self.keys.settle(began, outcome);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.has_ended {
            let lost = self.keys.pending(LATE);
            self.keys.settle(Instant::now(), Err(lost));
        }
    }
}

/// A signature that no key verifies may be of a new key if the token does not say of which it is.
fn is_of_unknown_key(refused: &Error, token: &IdToken<'_>) -> bool {
    matches!(refused, Error::KeyUnknown) || token.key_id.is_none()
}

const SLOW: &str = "it has not answered yet";
const LATE: &str = "it did not answer in time";
const CROWDED: &str = "too many unknown issuers are being asked";

/// How long a fetch may take, both documents together.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// How long a token waits for keys. Clients give up after five seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
