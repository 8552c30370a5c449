//! The logs of the process, and which one a request is for.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus::Registry;
use sigstead_checkpoint::Origin;
use sigstead_config::ctlog::{Config, LogConfig};
use sigstead_config::opened_logs::OpenedLogs;
use sigstead_key::PublicKey;
use sigstead_sequencer::Clock;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::acceptance::Acceptance;
use crate::error::Error;
use crate::log::{CtLog, KeyedLog};

mod manage;

/// The logs of the process, the oldest first. New ones can join while it runs.
pub(crate) struct CtLogs {
    /// Written by [`Self::open_log`] alone; a reader sees all logs of before or all of after.
    all: ArcSwap<Vec<Arc<CtLog>>>,
    acceptance: Arc<Acceptance>,
    clock: Clock,
    registry: Registry,
    /// One change at a time; it holds what the logs were opened with.
    changing: Mutex<OpenedLogs<LogConfig>>,
    changed: Notify,
}

impl CtLogs {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// As [`crate::build`].
    pub(crate) async fn open(
        config: &Config,
        clock: Arc<dyn sigstead_kit::Clock>,
    ) -> Result<Self, Error> {
        let acceptance = Arc::new(Acceptance::open(config, Arc::clone(&clock))?);
        let opened = read_opened(config)?;
        let clock = millis_of(clock);
        let mut logs = Vec::new();
        // All keys before the first log: a log that was begun with a wrong key keeps it.
        for keyed in open_keys(&opened).await? {
            let log = keyed.open_files(Arc::clone(&acceptance), Arc::clone(&clock));
            logs.push(Arc::new(log.await?));
        }
        let registry = Registry::new();
        sigstead_signer::register(&registry).map_err(Error::Metrics)?;
        for log in &logs {
            log.metrics
                .show(&registry, log.origin.as_str(), log.log.clone())?;
        }
        Ok(Self {
            all: ArcSwap::from_pointee(logs),
            acceptance,
            clock,
            registry,
            changing: Mutex::new(opened),
            changed: Notify::new(),
        })
    }

    /// Checks everything that the configuration names, as far as it can be read without changing it.
    ///
    /// # Errors
    /// As [`crate::build`].
    pub(crate) async fn check_config(
        config: &Config,
        clock: Arc<dyn sigstead_kit::Clock>,
    ) -> Result<(), Error> {
        Acceptance::open(config, clock)?;
        let opened = read_opened(config)?;
        let keyed = open_keys(&opened).await?;
        keyed.iter().try_for_each(KeyedLog::check)
    }

    pub(crate) fn all(&self) -> Arc<Vec<Arc<CtLog>>> {
        self.all.load_full()
    }

    /// The log that a request to a host name is for, which may carry a port. For any other name it is the first log, so that
    /// a URL means one log for ever.
    pub(crate) fn for_host(&self, authority: Option<&str>) -> Result<Arc<CtLog>, Error> {
        let host = authority.map(|name| name.rsplit_once(':').map_or(name, |(host, _port)| host));
        let is_named = |log: &&Arc<CtLog>| {
            host.is_some_and(|host| host.eq_ignore_ascii_case(log.origin.as_str()))
        };
        let logs = self.all();
        let found = logs.iter().find(is_named).or_else(|| logs.first());
        found.cloned().ok_or(Error::NoLogs)
    }

    /// The log of an identifier, in lower case hexadecimal.
    pub(crate) fn by_id(&self, log_id: &str) -> Result<Arc<CtLog>, Error> {
        let is_it = |log: &CtLog| hex::encode(log.public_key().log_id().as_bytes()) == log_id;
        self.find(log_id, is_it)
    }

    fn by_origin(&self, origin: &str) -> Result<Arc<CtLog>, Error> {
        self.find(origin, |log| log.origin.as_str() == origin)
    }

    fn find(&self, name: &str, is_it: impl Fn(&CtLog) -> bool) -> Result<Arc<CtLog>, Error> {
        let logs = self.all();
        let found = logs.iter().find(|log| is_it(log)).cloned();
        found.ok_or_else(|| Error::LogUnknown(name.to_owned()))
    }

    pub(crate) fn acceptance(&self) -> &Acceptance {
        &self.acceptance
    }

    /// Whether certificates are taken. A log that its operator ended or paused is not missed, and one that stopped by itself
    /// only when no other is left.
    pub(crate) fn check(&self) -> Result<(), String> {
        let logs = self.all();
        let is_meant = |log: &&Arc<CtLog>| !log.is_frozen() && log.pause().is_none();
        let meant = logs.iter().filter(is_meant);
        let mut reasons = Vec::new();
        for log in meant {
            match log.check() {
                Ok(()) => return Ok(()),
                Err(reason) => reasons.push(reason),
            }
        }
        match reasons.is_empty() {
            true => Ok(()),
            false => Err(reasons.join("; ")),
        }
    }

    /// Which logs are paused, and why, and which ones failed beside others. It makes the service not unready: reads go on.
    pub(crate) fn warning(&self) -> Option<String> {
        let logs = self.all();
        let pause = |log: &CtLog| {
            let reason = log.pause()?;
            Some(format!("{} is paused: {reason}", log.origin))
        };
        let warnings = logs
            .iter()
            .filter_map(|log| pause(log).or_else(|| log.check().err()));
        let warnings: Vec<_> = warnings.collect();
        (!warnings.is_empty()).then(|| warnings.join("; "))
    }

    /// Keeps roots and the indexes of leaves up to date, also of logs that join later, until it is told to stop.
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        tokio::join!(self.acceptance.roots.watch(stop), self.follow_logs(stop));
    }

    async fn follow_logs(&self, stop: &CancellationToken) {
        let mut followers = JoinSet::new();
        let mut followed = HashSet::new();
        while !stop.is_cancelled() {
            for log in self.all().iter() {
                if followed.insert(log.origin.to_string()) {
                    let (log, stop) = (Arc::clone(log), stop.clone());
                    followers.spawn(async move { log.follow(&stop).await });
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
        for log in self.all().iter() {
            log.log.shutdown().await;
        }
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }
}

fn read_opened(config: &Config) -> Result<OpenedLogs<LogConfig>, Error> {
    let described = config.described_logs();
    Ok(OpenedLogs::read(described, config.opened_logs.as_deref())?)
}

async fn open_keys(opened: &OpenedLogs<LogConfig>) -> Result<Vec<KeyedLog<'_>>, Error> {
    let mut keyed: Vec<KeyedLog<'_>> = Vec::new();
    for config in opened.all() {
        let next = KeyedLog::open(config).await?;
        for other in &keyed {
            check_keys_differ((&other.origin, other.public_key()), &next)?;
        }
        keyed.push(next);
    }
    Ok(keyed)
}

/// Clients find a log by its key, so with one key for two the entries of one would be sought in the other.
fn check_keys_differ(
    (origin, key): (&Origin, &PublicKey),
    log: &KeyedLog<'_>,
) -> Result<(), Error> {
    match key.log_id() == log.public_key().log_id() {
        true => Err(Error::KeyShared {
            one: origin.clone(),
            other: log.origin.clone(),
        }),
        false => Ok(()),
    }
}

fn millis_of(clock: Arc<dyn sigstead_kit::Clock>) -> Clock {
    Arc::new(move || {
        let millis = clock.now().unix_timestamp_nanos() / 1_000_000;
        u64::try_from(millis).unwrap_or_default()
    })
}
