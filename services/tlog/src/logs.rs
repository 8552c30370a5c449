use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use checkpoint::Origin;
use config::tlog::{Config, LogConfig};
use entry::v1::ProposedEntry;
use sequencer::Clock;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::log::{KeyedLog, TransparencyLog};
use crate::metrics::Metrics;
use crate::opened::OpenedLogs;
use crate::rekor_v1::{RekorV1, RekorV1Entry};

/// The logs of the process. New ones can join while it runs.
pub(crate) struct TransparencyLogs {
    set: ArcSwap<LogSet>,
    clock: Clock,
    metrics: Metrics,
    /// One change at a time; it holds what the logs were opened with.
    changing: Mutex<OpenedLogs>,
    changed: Notify,
}

/// The logs at one moment, of each face the oldest first.
pub(crate) struct LogSet {
    pub(crate) rekor_v1: Option<RekorV1>,
    pub(crate) rekor_v2: Vec<Arc<TransparencyLog>>,
}

impl TransparencyLogs {
    pub(crate) async fn open(
        config: &Config,
        clock: Arc<dyn kit::Clock>,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let opened = OpenedLogs::read(config)?;
        // All keys before the first log: a log that was begun with a wrong key keeps it.
        let mut keyed = Vec::new();
        for config in opened.all() {
            keyed.push(KeyedLog::open(config).await?);
        }
        check_keys(&keyed)?;
        let clock: Clock = Arc::new(move || millis(&*clock));
        let mut logs = Vec::new();
        for keyed in keyed {
            let log = keyed.open_files(Arc::clone(&clock), metrics.clone());
            logs.push(Arc::new(log.await?));
        }
        Ok(Self {
            set: ArcSwap::from_pointee(LogSet::new(logs)?),
            clock,
            metrics: metrics.clone(),
            changing: Mutex::new(opened),
            changed: Notify::new(),
        })
    }

    pub(crate) fn current(&self) -> Arc<LogSet> {
        self.set.load_full()
    }

    /// Opens one more log and remembers it for the next start. The log that took entries under the same face until now
    /// may be frozen in the same moment, so that there is none without a log to write to.
    pub(crate) async fn add(
        &self,
        config: LogConfig,
        predecessor: Predecessor,
    ) -> Result<Arc<TransparencyLog>, Error> {
        let mut opened = self.changing.lock().await;
        let keyed = KeyedLog::open(&config).await?;
        if opened.knows(&config) {
            return Err(Error::LogExists(keyed.name.origin));
        }
        opened.check(&config)?;
        let before = self.current();
        before.check_key(&keyed)?;
        let is_v1 = keyed.name.tree_id.is_some();
        before.check_predecessor(is_v1, predecessor)?;
        let added = keyed.open_files(Arc::clone(&self.clock), self.metrics.clone());
        let added = Arc::new(added.await?);
        if predecessor == Predecessor::Freeze {
            for log in before.writable(is_v1) {
                log.log.freeze().await?;
            }
        }
        let mut logs = before.all();
        logs.push(Arc::clone(&added));
        let set = LogSet::new(logs)?;
        opened.remember(config)?;
        self.set.store(Arc::new(set));
        self.changed.notify_one();
        Ok(added)
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.current().all().iter().try_for_each(|log| log.check())
    }

    /// Logs an entry of Rekor v1. When the shard ends at that moment, its successor takes the entry.
    pub(crate) async fn append_v1(&self, proposed: ProposedEntry) -> Result<RekorV1Entry, Error> {
        let mut set = self.current();
        let mut shard = set.rekor_v1()?.active();
        let mut announced = shard.log.log.announce();
        let verified = proposed.verify()?;
        loop {
            let answer = shard.append(&verified, announced).await;
            let is_over = matches!(
                answer,
                Err(Error::Log(
                    sequencer::Error::Frozen | sequencer::Error::Ending
                ))
            );
            if !is_over {
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

    /// Keeps the search indexes of all logs, also of those that join later, up to date until it is told to stop.
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        let mut followers = JoinSet::new();
        let mut followed = HashSet::new();
        while !stop.is_cancelled() {
            for log in self.current().all() {
                if followed.insert(log.name.clone()) {
                    let stop = stop.clone();
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

/// What becomes of the log that took entries until another one came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Predecessor {
    Keep,
    Freeze,
}

impl LogSet {
    fn new(logs: Vec<Arc<TransparencyLog>>) -> Result<Self, Error> {
        let (shards, rekor_v2): (Vec<_>, Vec<_>) =
            logs.into_iter().partition(|log| log.name.tree_id.is_some());
        if shards.is_empty() && rekor_v2.is_empty() {
            return Err(Error::NoLogs);
        }
        Ok(Self {
            rekor_v1: RekorV1::new(shards)?,
            rekor_v2,
        })
    }

    pub(crate) fn all(&self) -> Vec<Arc<TransparencyLog>> {
        let shards = self.rekor_v1.iter().flat_map(RekorV1::logs);
        shards.chain(&self.rekor_v2).cloned().collect()
    }

    /// The log of Rekor v2 for a host name, which may carry a port. For any other name, since a process on one machine
    /// is reached under `localhost`, the oldest that takes entries: a newer one may not be announced yet.
    pub(crate) fn for_host(&self, authority: Option<&str>) -> Result<&Arc<TransparencyLog>, Error> {
        let host = authority.map(|name| name.rsplit_once(':').map_or(name, |(host, _port)| host));
        let is_named = |log: &&Arc<TransparencyLog>| {
            host.is_some_and(|host| host.eq_ignore_ascii_case(log.name.host.as_str()))
        };
        let logs = &self.rekor_v2;
        let writable = || logs.iter().find(|log| !log.is_frozen());
        let found = logs.iter().find(is_named).or_else(writable);
        found
            .or_else(|| logs.last())
            .ok_or(Error::FaceAbsent("Rekor v2"))
    }

    pub(crate) fn rekor_v1(&self) -> Result<&RekorV1, Error> {
        self.rekor_v1.as_ref().ok_or(Error::FaceAbsent("Rekor v1"))
    }

    pub(crate) fn by_origin(&self, origin: &str) -> Result<Arc<TransparencyLog>, Error> {
        let mut logs = self.all().into_iter();
        let found = logs.find(|log| log.origin().as_str() == origin);
        found.ok_or_else(|| Error::NoSuchLog(origin.to_owned()))
    }

    pub(crate) fn by_log_id(&self, log_id: &str) -> Result<Arc<TransparencyLog>, Error> {
        let mut logs = self.all().into_iter();
        let found = logs.find(|log| hex::encode(log.log_id()) == log_id);
        found.ok_or_else(|| Error::NoSuchLog(log_id.to_owned()))
    }

    fn writable(&self, is_v1: bool) -> impl Iterator<Item = Arc<TransparencyLog>> {
        let logs = self.all().into_iter();
        logs.filter(move |log| log.name.tree_id.is_some() == is_v1 && !log.is_frozen())
    }

    // Before anything is made: the numbers of a shard's entries depend on the one before it.
    fn check_predecessor(&self, is_v1: bool, predecessor: Predecessor) -> Result<(), Error> {
        match self.writable(is_v1).next() {
            Some(log) if is_v1 && predecessor == Predecessor::Keep => {
                Err(Error::ShardNotFrozen(log.origin().clone()))
            }
            _ => Ok(()),
        }
    }

    fn check_key(&self, keyed: &KeyedLog<'_>) -> Result<(), Error> {
        let key_id = keyed.key.public_key().log_id();
        let mut logs = self.all().into_iter();
        match logs.find(|log| log.signer.public_key().log_id() == key_id) {
            Some(other) => Err(key_shared(other.origin(), &keyed.name.origin)),
            None => Ok(()),
        }
    }
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
    Error::KeyShared {
        one: one.clone(),
        other: other.clone(),
    }
}

fn millis(clock: &dyn kit::Clock) -> u64 {
    let millis = clock.now().unix_timestamp_nanos() / 1_000_000;
    u64::try_from(millis).unwrap_or_default()
}
