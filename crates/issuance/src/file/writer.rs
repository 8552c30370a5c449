//! The thread that writes: what waits is written together and synced once.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigstead_kit::Clock;
use sigstead_store::RecordFile;
use tokio::sync::oneshot;

use super::retention::Retention;
use super::scan::{Open, unfinished};
use super::segment::{Segment, list};
use crate::config::RecordConfig;
use crate::error::Error;
use crate::health::{Failure, Health};
use crate::issuance::{Issuance, Outcome};
use crate::queue::with_waiting;

/// A state to write, and who waits for it.
pub(super) struct Entry {
    pub(super) issuance: Issuance,
    /// None if nobody waits for it.
    pub(super) done: Option<oneshot::Sender<Result<(), Error>>>,
}

/// When what is written becomes durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    Now,
    /// When a later state does; until then it outlives the process alone.
    WithTheNext,
}

pub(super) struct Writer {
    directory: PathBuf,
    retention: Retention,
    clock: Arc<dyn Clock>,
    open: Arc<Mutex<Open>>,
    health: Arc<Health>,
    /// The segment that is appended to; none after a failure, when the next write begins another.
    active: Option<(Segment, RecordFile)>,
    /// Whether the active segment has states that no sync followed.
    pub(super) is_unsynced: bool,
    last_number: u64,
    /// The last states of issuances that the record knows, which could not be written: it must not call them open for ever.
    owed: Open,
    /// Whether it is known what an earlier process left.
    is_begun: bool,
    /// Held as long as there is a writer.
    _lock: File,
}

impl Writer {
    pub(super) fn new(
        config: &RecordConfig,
        clock: Arc<dyn Clock>,
        open: Arc<Mutex<Open>>,
        health: Arc<Health>,
        lock: File,
    ) -> Self {
        Self {
            directory: config.path.clone(),
            retention: Retention::new(config.retention),
            clock,
            open,
            health,
            active: None,
            is_unsynced: false,
            last_number: 0,
            owed: Open::default(),
            is_begun: false,
            _lock: lock,
        }
    }

    /// Writes until nobody can send any more. What failed is tried again by itself: while nothing can be recorded nobody
    /// may ask for anything to be.
    pub(super) fn run(mut self, entries: &Receiver<Entry>) {
        loop {
            let pause = match self.health.is_failing() || self.is_unsynced {
                true => RETRY,
                false => self.idle_time(),
            };
            match entries.recv_timeout(pause) {
                Ok(first) => self.write_batch(with_waiting(first, entries)),
                Err(RecvTimeoutError::Timeout) => {
                    self.attempt(Vec::new(), Sync::Now);
                    self.forget();
                }
                Err(RecvTimeoutError::Disconnected) => {
                    if self.is_unsynced {
                        self.attempt(Vec::new(), Sync::Now);
                    }
                    return;
                }
            }
        }
    }

    fn write_batch(&mut self, batch: Vec<Entry>) {
        let (issuances, waiting): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|entry| (entry.issuance, entry.done))
            .unzip();
        let sync = match waiting.iter().all(Option::is_none) {
            true => Sync::WithTheNext,
            false => Sync::Now,
        };
        let failure = self.attempt(issuances, sync);
        for done in waiting.into_iter().flatten() {
            // A caller who went away is told nothing.
            let _ = done.send(match &failure {
                None => Ok(()),
                Some(failure) => Err(failure.error()),
            });
        }
    }

    /// Writes, and tells everybody how that went. Without states it finds out whether they could be written, and begins a
    /// segment if it is time for one.
    pub(super) fn attempt(&mut self, issuances: Vec<Issuance>, sync: Sync) -> Option<Failure> {
        self.health.begin();
        let begun = if self.is_begun { Ok(()) } else { self.begin() };
        let written = begun.and_then(|()| self.write_with_owed(issuances, sync));
        let failure = written.err().map(|error| Failure::of(&error));
        if self.health.end(failure.as_ref()) {
            match &failure {
                Some(failure) => {
                    let reason = failure.error().to_string();
                    tracing::error!(
                        reason,
                        "the issuance record cannot be written; no certificate is issued"
                    );
                }
                None => tracing::info!("the issuance record can be written again"),
            }
        }
        failure
    }

    /// Reads what an earlier process left, and ends what it left open.
    fn begin(&mut self) -> Result<(), Error> {
        let segments = list(&self.directory)?;
        let left = unfinished(&segments)?;
        self.last_number = segments.last().map_or(0, |segment| segment.number);
        self.active = segments.into_iter().next_back().map(resume).transpose()?;
        (*guarded(&self.open)).clone_from(&left);
        self.forget();
        self.is_begun = true;
        let ended: Vec<_> = left
            .into_values()
            .map(|issuance| Issuance {
                outcome: Outcome::Interrupted,
                ..issuance
            })
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            count = ended.len(),
            "issuances were interrupted when the authority ended; see `sigctl issued list --outcome interrupted`"
        );
        let closed = self.write(&ended, Sync::Now);
        self.is_begun = closed.is_ok();
        closed
    }

    fn write_with_owed(&mut self, issuances: Vec<Issuance>, sync: Sync) -> Result<(), Error> {
        let owed = std::mem::take(&mut self.owed).into_values();
        let states: Vec<_> = owed.chain(issuances).collect();
        let written = self.write(&states, sync);
        if written.is_err() {
            let open = guarded(&self.open);
            let known = states
                .into_iter()
                .filter(|state| open.contains_key(&state.id));
            self.owed = known.map(|state| (state.id.clone(), state)).collect();
        }
        written
    }

    fn write(&mut self, issuances: &[Issuance], sync: Sync) -> Result<(), Error> {
        let (segment, mut file) = self.take_active()?;
        // Every segment tells what was open at its beginning, so that the last ones tell all.
        let is_new = file.bytes() == HEADER_BYTES;
        let is_idle = issuances.is_empty() && !is_new;
        if is_idle && !self.is_unsynced {
            self.active = Some((segment, file));
            return Ok(());
        }
        let carried: Vec<_> = match is_new {
            true => guarded(&self.open).values().cloned().collect(),
            false => Vec::new(),
        };
        let records = carried.iter().chain(issuances).map(serde_json::to_vec);
        let records: Vec<_> = records
            .collect::<Result<_, _>>()
            .map_err(Error::read("encode for", &self.directory))?;
        let records: Vec<_> = records.iter().map(Vec::as_slice).collect();
        let written = match sync {
            Sync::WithTheNext if !is_new => file.append_unsynced(&records),
            Sync::WithTheNext | Sync::Now => file.append_all(&records),
        };
        if let Err(error) = written {
            self.leave(&segment, file, is_new);
            return Err(Error::store("write", &segment.path)(error));
        }
        self.is_unsynced = sync == Sync::WithTheNext && !is_new;
        self.active = Some((segment, file));
        let mut open = guarded(&self.open);
        for issuance in issuances {
            match issuance.outcome {
                Outcome::Open => open.insert(issuance.id.clone(), issuance.clone()),
                _ => open.remove(&issuance.id),
            };
        }
        Ok(())
    }

    /// Leaves a segment that failed. What it holds behind its good end is unknown, so that this is cut off and the segment is
    /// never written again: what is written once more would be in it twice. One that did not take its first records does not
    /// tell what is open, and holds nothing that anybody was told is recorded.
    fn leave(&mut self, segment: &Segment, file: RecordFile, is_new: bool) {
        self.is_unsynced = false;
        if is_new {
            drop(file);
            let _ = sigstead_durable::remove(&segment.path);
        } else if let Err(error) = file.abandon() {
            let detail = sigstead_kit::causes(&error);
            tracing::warn!(detail, "the issuance record may list states twice");
        }
    }

    /// The segment to append to: another one when the last is full, is of another time, or failed.
    fn take_active(&mut self) -> Result<(Segment, RecordFile), Error> {
        let now = self.clock.now();
        if let Some((segment, mut file)) = self.active.take() {
            let age = self.retention.segment_age();
            if file.bytes() < SEGMENT_BYTES && (segment.begun..segment.begun + age).contains(&now) {
                return Ok((segment, file));
            }
            if std::mem::take(&mut self.is_unsynced) {
                file.append_all(&[])
                    .map_err(Error::store("sync", &segment.path))?;
            }
        }
        self.forget();
        let segment = Segment::new(&self.directory, self.last_number + 1, now);
        match RecordFile::open(&segment.path) {
            Ok((file, _)) => {
                self.last_number = segment.number;
                Ok((segment, file))
            }
            Err(error) => {
                let _ = sigstead_durable::remove(&segment.path);
                Err(Error::store("begin", &segment.path)(error))
            }
        }
    }

    fn forget(&self) {
        let forgotten = list(&self.directory).and_then(|segments| {
            for segment in self.retention.beyond(&segments, self.clock.now()) {
                sigstead_durable::remove(&segment.path)
                    .map_err(Error::read("remove", &segment.path))?;
                tracing::info!(
                    segment = segment.number,
                    "issuances beyond the retention were removed"
                );
            }
            Ok(())
        });
        if let Err(error) = forgotten {
            let detail = sigstead_kit::causes(&error);
            tracing::warn!(detail, "old issuances could not be removed");
        }
    }

    /// How long nothing happens before it is looked whether a segment is to be begun or removed.
    fn idle_time(&self) -> Duration {
        let age = Duration::try_from(self.retention.segment_age()).unwrap_or(LONGEST_IDLE);
        (age / 2).min(LONGEST_IDLE)
    }
}

/// The segment that an earlier process appended to. What a crash left of its last write is cut off.
fn resume(last: Segment) -> Result<(Segment, RecordFile), Error> {
    let (file, _) = RecordFile::open(&last.path).map_err(Error::store("open", &last.path))?;
    if file.torn_bytes() > 0 {
        tracing::warn!(
            bytes = file.torn_bytes(),
            "an interrupted write was cut off the issuance record"
        );
    }
    Ok((last, file))
}

fn guarded(open: &Mutex<Open>) -> std::sync::MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Some ten thousand issuances. It is read as a whole.
const SEGMENT_BYTES: u64 = 16 << 20;
/// An idle authority too shows that time passes.
const LONGEST_IDLE: Duration = Duration::from_secs(3600);
/// How soon it is tried again whether something can be written, and how long what nobody waits for stays without a sync.
const RETRY: Duration = Duration::from_secs(1);
/// A record file without records.
const HEADER_BYTES: u64 = 16;
