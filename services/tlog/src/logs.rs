use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use sigstead_checkpoint::Origin;
use sigstead_config::opened_logs::OpenedLogs;
use sigstead_config::tlog::{Config, LogConfig};
use sigstead_entry::{ProposedEntry, v1};
use sigstead_sequencer::Clock;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::append::LogEntry;
use crate::error::{AdminError, Error};
use crate::log::{KeyedLog, TransparencyLog};
use crate::metrics::Metrics;
use crate::rekor_v1::RekorV1Entry;

mod set;

pub(crate) use set::{LogSet, Predecessor};

/// The logs of the process. New ones can join while it runs.
pub(crate) struct TransparencyLogs {
    set: ArcSwap<LogSet>,
    clock: Clock,
    metrics: Metrics,
    /// One change at a time; it holds what the logs were opened with.
    changing: Mutex<OpenedLogs<LogConfig>>,
    changed: Notify,
}

impl TransparencyLogs {
    pub(crate) async fn open(
        config: &Config,
        clock: Arc<dyn sigstead_kit::Clock>,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let opened = read_opened(config)?;
        // All keys before the first log: a log that was begun with a wrong key keeps it.
        let keyed = open_keys(&opened).await?;
        let clock: Clock = Arc::new(move || millis(&*clock));
        let mut logs = Vec::new();
        for keyed in keyed {
            let log = keyed.open_files(Arc::clone(&clock), metrics.clone());
            logs.push(Arc::new(log.await?));
        }
        logs.iter().try_for_each(|log| log.show_metrics())?;
        Ok(Self {
            set: ArcSwap::from_pointee(LogSet::new(logs)?),
            clock,
            metrics: metrics.clone(),
            changing: Mutex::new(opened),
            changed: Notify::new(),
        })
    }

    /// Checks everything that the configuration names, as far as it can be read without changing it.
    pub(crate) async fn check_config(config: &Config) -> Result<(), Error> {
        let opened = read_opened(config)?;
        let keyed = open_keys(&opened).await?;
        if keyed.is_empty() {
            return Err(AdminError::NoLogs.into());
        }
        keyed.iter().try_for_each(KeyedLog::check)
    }

    pub(crate) fn current(&self) -> Arc<LogSet> {
        self.set.load_full()
    }

    /// Opens one more log and remembers it for the next start. The log that took entries under the same face until now
    /// may be frozen in the same moment, so that there is none without a log to write to.
    ///
    /// When it fails it can be repeated: the files of the new log are free again, and all that may stay of it is the end
    /// of the predecessor.
    pub(crate) async fn add(
        &self,
        config: LogConfig,
        predecessor: &Predecessor,
    ) -> Result<Arc<TransparencyLog>, Error> {
        let mut opened = self.changing.lock().await;
        let keyed = KeyedLog::open(&config).await?;
        if opened.knows(&config) {
            return Err(AdminError::LogExists(keyed.name.origin).into());
        }
        opened.check(&config).map_err(AdminError::from)?;
        let before = self.current();
        before.check_key(&keyed)?;
        let ending = before.ending(keyed.name.tree_id.is_some(), predecessor)?;
        let description = opened.write_down(&config).map_err(AdminError::from)?;
        keyed.begin_anchor()?;
        let added = keyed.open_files(Arc::clone(&self.clock), self.metrics.clone());
        let added = Arc::new(added.await?);
        let joined = before.joined_by(&added, ending.as_deref()).await;
        let keep = |set| {
            let kept = opened.remember(description).map_err(AdminError::from);
            Ok(kept.map(|()| set)?)
        };
        match joined.and_then(keep) {
            Ok(set) => self.publish(set, &added),
            Err(error) => {
                added.log.shutdown().await;
                return Err(error);
            }
        }
        Ok(added)
    }

    /// Ends a log for which another one of its face takes entries; to end one that is frozen changes nothing.
    pub(crate) async fn freeze(&self, origin: &str) -> Result<Arc<TransparencyLog>, Error> {
        // No log may end or join in between.
        let _changing = self.changing.lock().await;
        let set = self.current();
        let log = set.by_origin(origin)?;
        if !log.is_frozen() && !set.has_successor(&log) {
            return Err(AdminError::NoSuccessor(log.origin().clone()).into());
        }
        log.log.freeze().await?;
        Ok(log)
    }

    fn publish(&self, set: LogSet, added: &TransparencyLog) {
        self.set.store(Arc::new(set));
        self.changed.notify_one();
        if let Err(error) = added.show_metrics() {
            tracing::warn!(origin = %added.origin(), %error, "the log is open without metrics");
        }
    }

    /// Whether every face that has logs takes entries. A log that its operator ended or paused is not missed, and one that
    /// stopped by itself only when no other of its face is left: the process answers for all of them.
    pub(crate) fn check(&self) -> Result<(), String> {
        let set = self.current();
        let faces = [true, false].map(|is_v1| set.check_face(is_v1));
        let missing: Vec<_> = faces.into_iter().filter_map(Result::err).collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing.join("; "))
        }
    }

    /// Logs an entry of Rekor v1. When the shard ends at that moment, its successor takes the entry.
    pub(crate) async fn append_v1(
        &self,
        proposed: v1::ProposedEntry,
    ) -> Result<RekorV1Entry, Error> {
        let mut set = self.current();
        let mut shard = set.rekor_v1()?.active();
        let mut announced = shard.log.log.announce();
        let verified = proposed.verify()?;
        loop {
            let answer = shard.append(&verified, announced).await;
            if !answer.as_ref().is_err_and(is_over) {
                return answer;
            }
            // Its successor is about to come, if there is one.
            drop(self.changing.lock().await);
            let current = self.current();
            if Arc::ptr_eq(&set, &current) {
                return answer;
            }
            set = current;
            shard = set.rekor_v1()?.active();
            announced = shard.log.log.announce();
        }
    }

    /// Logs an entry of Rekor v2 in the log that a host name means. When that log ends at that moment and the name means
    /// another one from then on, that one takes the entry.
    pub(crate) async fn append_v2(
        &self,
        authority: Option<&str>,
        proposed: ProposedEntry,
    ) -> Result<LogEntry, Error> {
        let mut log = Arc::clone(self.current().for_host(authority)?);
        log.begin().await?;
        let mut announced = log.log.announce();
        let verified = proposed.verify()?;
        loop {
            let answer = log.append(&verified, announced).await;
            if !answer.as_ref().is_err_and(is_over) {
                return answer;
            }
            // It is frozen once the change is done.
            drop(self.changing.lock().await);
            let successor = Arc::clone(self.current().for_host(authority)?);
            if Arc::ptr_eq(&log, &successor) {
                return answer;
            }
            log = successor;
            log.begin().await?;
            announced = log.log.announce();
        }
    }

    /// Keeps the search indexes of all logs, also of those that join later, up to date until it is told to stop.
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        let mut followers = JoinSet::new();
        let mut followed = HashSet::new();
        while !stop.is_cancelled() {
            for log in self.current().all() {
                if followed.insert(log.name.clone()) {
                    let stop = stop.clone();
                    followers.spawn(Arc::clone(&log).begin_until(stop.clone()));
                    followers.spawn(async move { log.search.follow(log.log.clone(), stop).await });
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.changed.notified() => {}
            }
        }
        followers.join_all().await;
    }

    pub(crate) async fn shut_down(&self) {
        for log in self.current().all() {
            log.log.shutdown().await;
        }
    }
}

fn read_opened(config: &Config) -> Result<OpenedLogs<LogConfig>, AdminError> {
    let configured = config.logs.clone();
    Ok(OpenedLogs::read(configured, config.opened_logs.as_deref())?)
}

async fn open_keys(opened: &OpenedLogs<LogConfig>) -> Result<Vec<KeyedLog<'_>>, Error> {
    let mut keyed = Vec::new();
    for config in opened.all() {
        keyed.push(KeyedLog::open(config).await?);
    }
    check_keys(&keyed)?;
    Ok(keyed)
}

// Clients find a log by its key, so with one key for two the entries of one would be sought in the
// other.
fn check_keys(logs: &[KeyedLog<'_>]) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for log in logs {
        if let Some(other) = seen.insert(log.key.public_key().log_id(), &log.name.origin) {
            return Err(key_shared(other, &log.name.origin));
        }
    }
    Ok(())
}

fn key_shared(one: &Origin, other: &Origin) -> Error {
    Error::from(AdminError::KeyShared {
        one: one.clone(),
        other: other.clone(),
    })
}

/// Whether a log takes no entry any more because it ends.
const fn is_over(error: &Error) -> bool {
    use sigstead_sequencer::Error as Log;
    matches!(error, Error::Log(Log::Frozen | Log::Ending))
}

fn millis(clock: &dyn sigstead_kit::Clock) -> u64 {
    let millis = clock.now().unix_timestamp_nanos() / 1_000_000;
    u64::try_from(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests;
