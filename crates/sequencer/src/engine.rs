use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sigstead_journal::Journal;
use sigstead_merkle::{ConsistencyProof, TreeHead};
use tokio::runtime::Handle;

use crate::config::LogConfig;
use crate::cosigner::Cosigner;
use crate::failure::{Dead, Failure, chain, refuse, tell};
use crate::head_signer::{ConsistentSigner, Place};
use crate::hindrance::Recheck;
use crate::log::Clock;
use crate::queue::{Ending, Submission, Work};
use crate::round::{Draft, Drafter, recorded};
use crate::shared::Shared;
use crate::{AnchorClaim, Error, PublishedHead};

/// The log's own thread and what only it touches.
pub(crate) struct Engine {
    pub(crate) shared: Arc<Shared>,
    /// Given back before the journal is, so that who has the journal can have the anchor.
    pub(crate) _claim: Option<AnchorClaim>,
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) signer: ConsistentSigner,
    pub(crate) cosigner: Option<Cosigner>,
    pub(crate) clock: Clock,
    pub(crate) runtime: Handle,
    pub(crate) config: LogConfig,
    /// How long the last round took to become durable.
    pub(crate) last_commit: Duration,
    /// A head that could not be renewed is not tried again before.
    pub(crate) renews_at: Option<Instant>,
    /// Set as long as rounds are not committed for a reason that passes.
    pub(crate) recheck: Option<Recheck>,
}

impl Engine {
    /// Works until the queue is closed and empty, or a commit fails.
    pub(crate) fn run(mut self) {
        let _alarm = Alarm(Arc::clone(&self.shared));
        if let Some(Err(alarm)) = self.cosigner.as_mut().map(|each| each.begin(&self.shared)) {
            self.shared.stop(alarm);
            return;
        }
        while let Some(work) = self.next() {
            if let Some(below) = work.trim_below {
                self.trim(below);
            }
            let started = Instant::now();
            let done = match work {
                Work { submissions, .. } if !submissions.is_empty() => self.round(submissions),
                Work { endings, .. } if !endings.is_empty() => self.end(endings),
                _ => self.refresh(),
            };
            if let Err(Dead(reason)) = done.and_then(|()| self.recheck()) {
                self.shared.stop(reason);
                return;
            }
            if !self.config.min_round_interval.is_zero() {
                self.shared
                    .queue
                    .wait_until(started + self.config.min_round_interval);
            }
        }
    }

    fn next(&self) -> Option<Work> {
        let idle = self.config.refresh_interval.map(|interval| {
            let age = (self.clock)().saturating_sub(self.shared.published().time_millis);
            let rest = interval.saturating_sub(Duration::from_millis(age));
            let pause = |at: Instant| at.saturating_duration_since(Instant::now());
            rest.max(self.renews_at.map(pause).unwrap_or_default())
        });
        let idle = idle.into_iter().chain(self.until_recheck()).min();
        // What is coming would otherwise wait for this round and then for its own.
        let patience = self.last_commit.min(MAX_PATIENCE);
        self.shared.queue.take(idle, patience)
    }

    /// A new head of an idle log, so that its readers see that it lives.
    fn refresh(&mut self) -> Result<(), Dead> {
        let (Some(interval), Ok(time_millis)) = (self.config.refresh_interval, self.time()) else {
            return Ok(());
        };
        let age = time_millis - self.shared.published().time_millis;
        let is_early = self.renews_at.is_some_and(|at| Instant::now() < at);
        if is_early || Duration::from_millis(age) < interval {
            return Ok(());
        }
        self.renews_at = None;
        let mut draft = Draft::empty(time_millis);
        match self.commit(&mut draft, Place::Within) {
            Ok(published) => {
                self.publish(draft, Some(published));
                Ok(())
            }
            Err(failure) => {
                self.renews_at = Some(Instant::now() + RENEWAL_RETRY);
                self.hinder(&failure);
                let (log, error) = (&self.shared.name, failure.to_error(&self.shared));
                tracing::warn!(log, %error, cause = ?error, "the head of the idle log is not renewed");
                failure.into_result()
            }
        }
    }

    /// The last head of the log, after which it takes nothing.
    fn end(&mut self, endings: Vec<Ending>) -> Result<(), Dead> {
        if self.shared.queue.is_frozen() {
            // Two asked at once; the first has been answered.
            tell(endings, || Ok(self.shared.published()));
            return Ok(());
        }
        let time_millis = match self.time() {
            Ok(time_millis) => time_millis,
            Err(failure) => {
                self.shared.queue.resume();
                tell(endings, || Err(failure.to_error(&self.shared)));
                return failure.into_result();
            }
        };
        let mut draft = Draft::empty(time_millis);
        match self.commit(&mut draft, Place::Last) {
            Ok(published) => {
                self.publish(draft, Some(published));
                self.shared.queue.freeze();
                // It needs no more room.
                self.unhinder(usize::MAX);
                tell(endings, || Ok(self.shared.published()));
                Ok(())
            }
            Err(failure) => {
                self.shared.queue.resume();
                tell(endings, || Err(failure.to_error(&self.shared)));
                failure.into_result()
            }
        }
    }

    /// The first checkpoint of a log, over the empty tree.
    pub(crate) fn genesis(&mut self) -> Result<(), Error> {
        let mut draft = Draft::empty((self.clock)());
        let published = self
            .commit(&mut draft, Place::Within)
            .map_err(|failure| failure.to_error(&self.shared))?;
        self.shared.publish(published);
        Ok(())
    }

    /// One round: seal, sign, commit, publish, answer.
    fn round(&mut self, submissions: VecDeque<Submission>) -> Result<(), Dead> {
        let time_millis = match self.time() {
            Ok(time_millis) => time_millis,
            Err(failure) => {
                self.hinder(&failure);
                refuse(submissions, || failure.to_error(&self.shared));
                return failure.into_result();
            }
        };
        let mut draft =
            Drafter::new(&self.shared, time_millis, submissions.len()).draft(submissions);
        let committed = if draft.entries.is_empty() {
            Ok(None)
        } else {
            self.commit(&mut draft, Place::Within).map(Some)
        };
        match committed {
            Ok(published) => {
                self.publish(draft, published);
                Ok(())
            }
            Err(failure) => {
                self.hinder(&failure);
                draft.refuse(|| failure.to_error(&self.shared));
                failure.into_result()
            }
        }
    }

    /// Makes the new head visible, then wakes those who wait for it.
    fn publish(&self, draft: Draft, published: Option<PublishedHead>) {
        // Locked first: what is full could otherwise go to cold storage before its entries are answered.
        let edge = self.shared.edge();
        if let Some(published) = published {
            let (before, after) = (self.shared.size(), published.head.size);
            // Before it, so that the keeper of the index finds nothing to do.
            draft.remember(&self.shared, before..after);
            self.shared.publish(published);
            self.shared.hold(&edge);
        }
        draft.answer(&self.shared, &edge);
    }

    /// Makes the draft durable under a signed head, which may be published from then on.
    fn commit(&mut self, draft: &mut Draft, place: Place) -> Result<PublishedHead, Failure> {
        let before = self.shared.published();
        let prepared = self.prepare(draft, &before, place);
        // A round that was not signed leaves no trace; one that was is committed, or the log dies: it never signs two
        // heads of one size.
        let published =
            prepared.inspect_err(|_| self.shared.edge_mut().truncate(before.head.size))?;
        let bytes = draft.encoded_bytes();
        let round = draft.take_round(&published, before.head.size);
        let started = Instant::now();
        self.journal.commit(&before.head, &round).map_err(|error| {
            Failure::Dead(format!(
                "a commit failed ({}); restart the log to reload what is on disk",
                chain(&error)
            ))
        })?;
        self.last_commit = started.elapsed();
        self.unhinder(bytes);
        match &mut self.cosigner {
            // Only now: a witness does not forget, so what it has seen must not be lost.
            Some(cosigner) if published.head.size > 0 => {
                let cosigned = cosigner.cosign(&self.shared, published);
                cosigned.map_err(Failure::Dead)
            }
            _ => Ok(published),
        }
    }

    /// Extends the tree in memory, makes room on disk, and signs the new head as a witness would.
    pub(crate) fn prepare(
        &mut self,
        draft: &Draft,
        before: &PublishedHead,
        place: Place,
    ) -> Result<PublishedHead, Failure> {
        let time_millis = draft.time_millis;
        let (head, proof) = self.extend(draft, before.head.size)?;
        let bytes = draft.encoded_bytes();
        self.journal.reserve(bytes).map_err(Failure::of_reserving)?;
        let signing = self.signer.sign(&head, &proof, time_millis, place);
        let note = self
            .runtime
            .block_on(signing)
            .map_err(|source| Failure::Signing(source.into()))?;
        Ok(PublishedHead {
            head,
            time_millis,
            note: note.into(),
        })
    }

    fn extend(
        &self,
        draft: &Draft,
        old_size: u64,
    ) -> Result<(TreeHead, ConsistencyProof), Failure> {
        let missing =
            |_| Failure::Dead("the right edge of the tree is incomplete in memory".to_owned());
        let mut edge = self.shared.edge_mut();
        for entry in &draft.entries {
            edge.push(entry.leaf_hash, recorded(entry));
        }
        let size = old_size + draft.entries.len() as u64;
        let root = sigstead_merkle::root_of(&*edge, size).map_err(missing)?;
        let proof = sigstead_merkle::prove_consistency(&*edge, old_size, size).map_err(missing)?;
        Ok((TreeHead { size, root }, proof))
    }

    /// The round's time: never before the last one's, and after it where times are distinct. A clock that is far behind
    /// stops the log until it has caught up.
    pub(crate) fn time(&self) -> Result<u64, Failure> {
        let (now, last) = ((self.clock)(), self.shared.published.borrow().time_millis);
        match last.checked_sub(now) {
            Some(behind) if behind > CLOCK_STEP_MILLIS => Err(Failure::ClockBehind(behind)),
            _ => Ok(now.max(last + u64::from(self.config.distinct_times))),
        }
    }

    fn trim(&mut self, below_size: u64) {
        if let Err(error) = self.journal.trim(below_size) {
            tracing::warn!(log = self.shared.name, %error, "the journal keeps rounds that it could forget until the service is started again");
        }
    }
}

/// Tells everyone when the thread ends, however it ends; a panic must not leave callers waiting.
struct Alarm(Arc<Shared>);

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
