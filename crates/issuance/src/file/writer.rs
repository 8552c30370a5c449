//! The thread that writes: what waits is written together and synced once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigstead_kit::{Clock, Period};
use sigstead_store::RecordFile;
use tokio::sync::oneshot;

use super::scan::{Open, unfinished};
use super::segment::{Segment, list};
use crate::error::Error;
use crate::issuance::{Issuance, Outcome};

/// A state to write, and who waits for it.
pub(super) struct Entry {
    pub(super) issuance: Issuance,
    pub(super) done: oneshot::Sender<Result<(), Error>>,
}

pub(super) struct Writer {
    directory: PathBuf,
    retention: Period,
    clock: Arc<dyn Clock>,
    open: Arc<Mutex<Open>>,
    /// The segment that is appended to; none after a failure, when the next write begins another.
    active: Option<(Segment, RecordFile)>,
    last_number: u64,
    is_failing: bool,
    /// Held as long as there is a writer.
    _lock: File,
}

impl Writer {
    pub(super) fn open(
        directory: &Path,
        retention: Period,
        clock: Arc<dyn Clock>,
        open: Arc<Mutex<Open>>,
        lock: File,
    ) -> Result<Self, Error> {
        let segments = list(directory)?;
        *guarded(&open) = unfinished(&segments)?;
        let mut writer = Self {
            directory: directory.to_owned(),
            retention,
            clock,
            open,
            active: None,
            last_number: segments.last().map_or(0, |segment| segment.number),
            is_failing: false,
            _lock: lock,
        };
        if let Some(last) = segments.into_iter().next_back() {
            let (file, _) =
                RecordFile::open(&last.path).map_err(Error::store("open", &last.path))?;
            if file.torn_bytes() > 0 {
                tracing::warn!(
                    bytes = file.torn_bytes(),
                    "an interrupted write was cut off the issuance record"
                );
            }
            writer.active = Some((last, file));
        }
        writer.forget();
        Ok(writer)
    }

    /// Ends what an earlier process left open.
    pub(super) fn close_interrupted(&mut self) -> Result<(), Error> {
        let left: Vec<_> = guarded(&self.open).values().cloned().collect();
        let ended: Vec<_> = left
            .into_iter()
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
        self.write(&ended)
    }

    /// Writes until nobody can send any more.
    pub(super) fn run(mut self, entries: &Receiver<Entry>) {
        loop {
            match entries.recv_timeout(FORGETTING) {
                Ok(first) => {
                    let waiting = entries.try_iter().take(BATCH - 1);
                    let batch: Vec<_> = std::iter::once(first).chain(waiting).collect();
                    self.write_batch(batch);
                }
                Err(RecvTimeoutError::Timeout) => self.forget(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write_batch(&mut self, batch: Vec<Entry>) {
        let (issuances, waiting): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|entry| (entry.issuance, entry.done))
            .unzip();
        let written = self.write(&issuances);
        let reason = written.err().map(|error| sigstead_kit::causes(&error));
        if let Some(reason) = reason.as_ref().filter(|_| !self.is_failing) {
            tracing::error!(
                reason,
                "the issuance record cannot be written; no certificate is issued"
            );
        }
        self.is_failing = reason.is_some();
        for done in waiting {
            let outcome = match &reason {
                None => Ok(()),
                Some(reason) => Err(Error::NotRecorded {
                    reason: reason.clone(),
                }),
            };
            // A state that nobody waits for is written all the same.
            let _ = done.send(outcome);
        }
    }

    fn write(&mut self, issuances: &[Issuance]) -> Result<(), Error> {
        let (segment, mut file) = self.take_active()?;
        // Every segment tells what was open at its beginning, so that the last ones tell all.
        let is_new = file.bytes() == HEADER_BYTES;
        let carried: Vec<_> = match is_new {
            true => guarded(&self.open).values().cloned().collect(),
            false => Vec::new(),
        };
        let records = carried.iter().chain(issuances).map(serde_json::to_vec);
        let records: Vec<_> = records
            .collect::<Result<_, _>>()
            .map_err(Error::read("encode for", &self.directory))?;
        let records: Vec<_> = records.iter().map(Vec::as_slice).collect();
        if let Err(error) = file.append_all(&records) {
            // What this segment holds now is unknown, so that it is never written again. One that did not take its first
            // records does not tell what is open, and holds nothing that anybody was told is recorded.
            drop(file);
            if is_new {
                let _ = sigstead_durable::remove(&segment.path);
            }
            return Err(Error::store("write", &segment.path)(error));
        }
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

    /// The segment to append to: another one when the last is full, is a day old, or failed.
    fn take_active(&mut self) -> Result<(Segment, RecordFile), Error> {
        let now = self.clock.now();
        if let Some((segment, file)) = self.active.take()
            && file.bytes() < SEGMENT_BYTES
            && now < segment.begun + SEGMENT_AGE
        {
            return Ok((segment, file));
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

    /// Removes what is older than the retention: segments whose successor was begun before it.
    fn forget(&mut self) {
        let Some(limit) = self.clock.now().checked_sub(self.retention.time()) else {
            return;
        };
        let forgotten = list(&self.directory).and_then(|segments| {
            let old = segments
                .windows(2)
                .filter(|pair| pair[1].begun < limit)
                .map(|pair| &pair[0]);
            for segment in old {
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
}

fn guarded(open: &Mutex<Open>) -> std::sync::MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// States that share one sync.
const BATCH: usize = 1024;
/// Some ten thousand issuances. It is read as a whole.
const SEGMENT_BYTES: u64 = 16 << 20;
/// How much longer than the retention an issuance may stay.
const SEGMENT_AGE: time::Duration = time::Duration::DAY;
/// How often an idle authority looks for what is beyond the retention.
const FORGETTING: Duration = Duration::from_secs(3600);
/// A record file without records.
const HEADER_BYTES: u64 = 16;
