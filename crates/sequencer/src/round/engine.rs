use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{Clock, LogConfig};
use crate::error::Error;
use crate::head::anchor::AnchorClaim;
use crate::head::published::PublishedHead;
use crate::head::signer::Place;
use crate::leaf_format::LeafFormat;
use crate::queue::submission::{Ending, Submission, Work};
use crate::round::committer::Committer;
use crate::round::cosigner::{Cosigner, Whom};
use crate::round::draft::Draft;
use crate::round::drafter::Drafter;
use crate::round::failure::Failure;
use crate::round::quorum::Quorum;
use crate::round::recheck::Recheck;
use crate::state::State;

/// The log's own thread and what only it touches.
pub(crate) struct Engine {
    state: Arc<State>,
    /// Given back before the journal is, so that the next owner of the journal can have the anchor.
    _claim: Option<AnchorClaim>,
    committer: Committer,
    quorum: Quorum,
    format: Arc<dyn LeafFormat>,
    clock: Clock,
    config: LogConfig,
    /// A head that could not be renewed is not tried again before.
    renews_at: Option<Instant>,
    recheck: Recheck,
}

/// The log was stopped; its thread ends.
struct Dead;

impl Engine {
    pub(crate) fn new(
        state: Arc<State>,
        claim: Option<AnchorClaim>,
        committer: Committer,
        cosigner: Option<Cosigner>,
        format: Arc<dyn LeafFormat>,
        clock: Clock,
        config: LogConfig,
    ) -> Self {
        Self {
            quorum: Quorum::new(Arc::clone(&state), cosigner),
            state,
            _claim: claim,
            committer,
            format,
            clock,
            config,
            renews_at: None,
            recheck: Recheck::default(),
        }
    }

    /// The first checkpoint of a log, over the empty tree.
    pub(crate) fn genesis(&mut self) -> Result<(), Error> {
        let mut draft = Draft::empty((self.clock)());
        let published = self.sequence(&mut draft, Place::Within);
        let published = published.map_err(|failure| failure.to_error())?;
        self.state.publish(published);
        Ok(())
    }

    /// Works until the queue is closed and empty, or the log is stopped.
    pub(crate) fn run(mut self) {
        let _alarm = Alarm(Arc::clone(&self.state));
        if self.begin().is_err() {
            return;
        }
        while let Some(work) = self.next() {
            let started = Instant::now();
            let done = self.work(work).and_then(|()| self.recheck());
            if done.is_err() {
                return;
            }
            if !self.config.min_round_interval.is_zero() {
                let next = started + self.config.min_round_interval;
                self.state.queue.wait_until(next);
            }
        }
    }

    /// Asks every witness for the head with which the log starts: one that has seen more knows that this is an old copy.
    fn begin(&mut self) -> Result<(), Dead> {
        let published = self.state.published();
        match self.quorum.cosign(published.as_ref().clone(), Whom::All) {
            Ok(cosigned) if cosigned == *published => {}
            Ok(cosigned) => self.state.publish(cosigned),
            Err(failure) => return self.fail(&failure),
        }
        self.state.begin_to_answer();
        Ok(())
    }

    fn next(&self) -> Option<Work> {
        let idle = self.config.refresh_interval.map(|interval| {
            let age = (self.clock)().saturating_sub(self.state.published().time_millis);
            let rest = interval.saturating_sub(Duration::from_millis(age));
            let pause = |at: Instant| at.saturating_duration_since(Instant::now());
            rest.max(self.renews_at.map(pause).unwrap_or_default())
        });
        let idle = idle.into_iter().chain(self.recheck.rest()).min();
        // What is coming would otherwise wait for this round and then for its own.
        let patience = self.committer.last_commit().min(MAX_PATIENCE);
        self.state.queue.take(idle, patience)
    }

    fn work(&mut self, work: Work) -> Result<(), Dead> {
        if let Some(below) = work.trim_below {
            self.committer.trim(&self.state.name, below);
        }
        if !work.submissions.is_empty() {
            self.round(work.submissions)
        } else if !work.endings.is_empty() {
            self.end(work.endings)
        } else {
            self.refresh()
        }
    }

    /// What was submitted becomes a round.
    fn round(&mut self, submissions: VecDeque<Submission>) -> Result<(), Dead> {
        let time_millis = match self.time() {
            Ok(time_millis) => time_millis,
            Err(failure) => {
                let failed = self.fail(&failure);
                self.refuse(submissions, &failure);
                return failed;
            }
        };
        let State { tree, known, .. } = &*self.state;
        let first = self.state.size();
        let drafter = Drafter::new(tree, known, &*self.format, first, time_millis);
        let mut draft = drafter.draft(submissions);
        let sequenced = if draft.entries.is_empty() {
            Ok(None)
        } else {
            self.sequence(&mut draft, Place::Within).map(Some)
        };
        match sequenced {
            Ok(published) => {
                self.publish(draft, published);
                Ok(())
            }
            Err(failure) => {
                let failed = self.fail(&failure);
                draft.refuse(|| self.answer_to(&failure));
                failed
            }
        }
    }

    /// A new head of an idle log, so that its readers see that it lives.
    fn refresh(&mut self) -> Result<(), Dead> {
        let (Some(interval), Ok(time_millis)) = (self.config.refresh_interval, self.time()) else {
            return Ok(());
        };
        let age = time_millis - self.state.published().time_millis;
        let is_early = self.renews_at.is_some_and(|at| Instant::now() < at);
        if is_early || Duration::from_millis(age) < interval {
            return Ok(());
        }
        self.renews_at = None;
        match self.sequence(&mut Draft::empty(time_millis), Place::Within) {
            Ok(published) => {
                self.state.publish(published);
                Ok(())
            }
            Err(failure) => {
                self.renews_at = Some(Instant::now() + RENEWAL_RETRY);
                let failed = self.fail(&failure);
                let (log, error) = (&self.state.name, self.answer_to(&failure));
                tracing::warn!(log, %error, cause = ?error, "the head of the idle log is not renewed");
                failed
            }
        }
    }

    /// The last head of the log, after which it takes nothing.
    fn end(&mut self, endings: Vec<Ending>) -> Result<(), Dead> {
        // Of two who asked at once, the first has been answered.
        if !self.state.queue.is_frozen() {
            let sequenced = self
                .time()
                .and_then(|time| self.sequence(&mut Draft::empty(time), Place::Last));
            match sequenced {
                Ok(published) => self.freeze(published),
                Err(failure) => {
                    self.state.queue.resume();
                    // That the log cannot end hinders no entry.
                    let died = self.die_of(&failure);
                    tell(endings, || Err(self.answer_to(&failure)));
                    return died;
                }
            }
        }
        tell(endings, || Ok(self.state.published()));
        Ok(())
    }

    fn freeze(&mut self, last: PublishedHead) {
        self.state.publish(last);
        self.state.queue.freeze();
        // It needs no more room.
        self.settle(usize::MAX);
    }

    /// One head, and the entries under it: of a round, of a renewal, the first and the last. What happens in which order is
    /// what a crash may leave behind.
    ///
    /// 1. The tree grows in memory, the journal makes room, and the head is signed as a witness would. Before the signature
    ///    a failure takes everything back; after it, the log commits or dies.
    /// 2. The journal writes head and entries, and syncs. A crash before that leaves nothing, and nobody was told anything.
    /// 3. Witnesses cosign. One that has cosigned does not forget, so it sees only what is durable.
    /// 4. The caller publishes: the entries are known, readers see the head, and those who wait are answered. A crash before
    ///    that leaves entries of which nobody heard; submitted again with their keys, they are found to be there.
    fn sequence(&mut self, draft: &mut Draft, place: Place) -> Result<PublishedHead, Failure> {
        let before = self.state.published();
        let bytes = draft.encoded_bytes();
        let signed = self.committer.prepare(draft, &before, place)?;
        self.committer.commit(draft, &before, &signed)?;
        self.settle(bytes);
        let cosign = || self.quorum.cosign(signed, Whom::Quorum);
        draft.span.in_scope(cosign)
    }

    /// Makes the new head visible, then wakes those who wait for it.
    fn publish(&self, draft: Draft, published: Option<PublishedHead>) {
        let state = &self.state;
        // Locked first: what is full could otherwise go to cold storage before its entries are answered.
        let edge = state.tree.edge();
        if let Some(published) = published {
            // Before it, so that the keeper of the index finds nothing to do.
            draft.remember(&state.known, state.size()..published.head.size);
            state.publish(published);
            state.backlog.note_held(&edge);
        }
        draft.answer(&state.published(), &edge, || state.read_only());
    }

    /// Says what keeps rounds from being committed, and when to try again, or that the log is dead. Callers are told after
    /// this, so that they find the log as they were told.
    fn fail(&mut self, failure: &Failure) -> Result<(), Dead> {
        if let Some(reason) = failure.passes() {
            self.state.hindrance.set(&self.state.name, reason);
            self.recheck.set(failure.bytes());
        }
        self.die_of(failure)
    }

    /// What those are told who waited for what failed. Of a log that was stopped it is why it was stopped first.
    fn answer_to(&self, failure: &Failure) -> Error {
        match failure {
            Failure::Dead(_) => self.state.read_only(),
            passing => passing.to_error(),
        }
    }

    /// Answers everyone whose entry got into no draft.
    fn refuse(&self, submissions: VecDeque<Submission>, failure: &Failure) {
        for submission in submissions {
            // Nobody may be waiting any more.
            let _ = submission.answer.send(Err(self.answer_to(failure)));
        }
    }

    fn die_of(&self, failure: &Failure) -> Result<(), Dead> {
        let Failure::Dead(reason) = failure else {
            return Ok(());
        };
        self.state.stop(reason.as_str());
        Err(Dead)
    }

    /// Says that nothing keeps rounds from being committed any more, if a round of `bytes` shows it.
    fn settle(&mut self, bytes: usize) {
        if self.recheck.settle(bytes) {
            self.state.hindrance.clear(&self.state.name);
        }
    }

    /// Looks whether a round could be committed again.
    fn recheck(&mut self) -> Result<(), Dead> {
        let Some(bytes) = self.recheck.due() else {
            return Ok(());
        };
        match self.try_out(bytes) {
            Ok(()) => {
                self.settle(bytes);
                Ok(())
            }
            Err(failure) => self.fail(&failure),
        }
    }

    /// All that comes before a commit, over the head and the time that are published already, so that a signature says
    /// nothing new.
    fn try_out(&mut self, bytes: usize) -> Result<(), Failure> {
        self.time()?;
        self.committer.reserve(bytes)?;
        let published = self.state.published();
        let nothing_new = Draft::empty(published.time_millis);
        let prepared = self
            .committer
            .prepare(&nothing_new, &published, Place::Within);
        prepared.map(drop)
    }

    /// The round's time: never before the last one's, and after it where times are distinct. A clock that is far behind
    /// stops the log until it has caught up.
    fn time(&self) -> Result<u64, Failure> {
        let (now, last) = ((self.clock)(), self.state.published().time_millis);
        match last.checked_sub(now) {
            Some(behind) if behind > CLOCK_STEP_MILLIS => Err(Failure::ClockBehind(behind)),
            _ => Ok(now.max(last + u64::from(self.config.distinct_times))),
        }
    }
}

/// Answers everyone who waits for the end of the log.
fn tell(endings: Vec<Ending>, answer: impl Fn() -> Result<Arc<PublishedHead>, Error>) {
    for ending in endings {
        // Nobody may be waiting any more.
        let _ = ending.send(answer());
    }
}

/// Tells everyone when the thread ends, however it ends; a panic must not leave callers waiting.
struct Alarm(Arc<State>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop("the log's thread failed; restart the log");
        }
    }
}

/// Bounds what a caller may wait for the others of its round after a commit that was slow.
const MAX_PATIENCE: Duration = Duration::from_millis(10);

/// Between two tries to renew the head of an idle log.
const RENEWAL_RETRY: Duration = Duration::from_secs(5);

/// What a clock correction may take back without stopping the log.
const CLOCK_STEP_MILLIS: u64 = 1_000;
