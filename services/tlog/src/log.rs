use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use checkpoint::Origin;
use cold::DirectoryStorage;
use config::tlog::{Face, LogConfig};
use journal::FileJournal;
use note::VerifierKey;
use sequencer::{CheckpointSigner, Clock, EntryLeaves, FileAnchor, Log, LogParts};
use signer::Signer;

use crate::error::Error;
use crate::metrics::Metrics;

/// One log: one tree under one key and one origin.
pub(crate) struct TransparencyLog {
    origin: Origin,
    log_id: [u8; 32],
    pub(crate) log: Log,
    pub(crate) metrics: Metrics,
}

impl TransparencyLog {
    async fn open(keyed: KeyedLog<'_>, clock: Clock, metrics: Metrics) -> Result<Self, Error> {
        // The place where the other face branches off: it has its own leaves and its own verbs.
        match keyed.config.face {
            Face::RekorV2 => keyed.open_v2(clock, metrics).await,
        }
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How verifiers know the log's key (Rekor v2 specification §4).
    pub(crate) const fn log_id(&self) -> [u8; 32] {
        self.log_id
    }

    fn check(&self) -> Result<(), String> {
        match self.log.health().read_only {
            Some(reason) => Err(format!("{} takes no entries: {reason}", self.origin)),
            None if self.log.published().note.is_empty() => {
                Err(format!("{} has no signed checkpoint yet", self.origin))
            }
            None => Ok(()),
        }
    }
}

/// A log whose key is open and whose files are not touched yet.
struct KeyedLog<'a> {
    config: &'a LogConfig,
    origin: Origin,
    key: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl<'a> KeyedLog<'a> {
    async fn open(config: &'a LogConfig) -> Result<Self, Error> {
        let origin = Origin::parse(config.origin.as_str())?;
        let signer = signer::open(&config.key).await;
        let signer = signer.map_err(|source| Error::Key {
            origin: origin.clone(),
            source,
        })?;
        Ok(Self {
            config,
            key: VerifierKey::new(origin.to_key_name()?, signer.public_key().clone()),
            origin,
            signer,
        })
    }

    async fn open_v2(self, clock: Clock, metrics: Metrics) -> Result<TransparencyLog, Error> {
        let failed = |source| Error::Open {
            origin: self.origin.clone(),
            source,
        };
        let data = &self.config.data;
        let parts = LogParts {
            journal: Box::new(open_journal(data).map_err(|e| failed(e.into()))?),
            cold: Arc::new(open_tiles(data).map_err(|e| failed(e.into()))?),
            anchor: Box::new(FileAnchor::new(&self.config.anchor)),
            head_signer: Arc::new(CheckpointSigner::new(self.origin.clone(), self.signer)?),
            leaf_format: Arc::new(EntryLeaves),
            clock,
        };
        let mut limits = sequencer::LogConfig::new(self.origin.as_str());
        limits.min_round_interval = self.config.min_round_interval.duration();
        let log = Log::open(limits, parts).await.map_err(failed)?;
        Ok(TransparencyLog {
            log_id: self.key.full_id(),
            origin: self.origin,
            log,
            metrics,
        })
    }
}

/// The logs of the process, each reached under the host name that is its origin.
pub(crate) struct TransparencyLogs {
    first: Arc<TransparencyLog>,
    others: Vec<Arc<TransparencyLog>>,
}

impl TransparencyLogs {
    pub(crate) async fn open(
        configs: &[LogConfig],
        clock: Arc<dyn kit::Clock>,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        // All keys before the first log: a log that was begun with a wrong key keeps it.
        let mut keyed = Vec::new();
        for config in configs {
            keyed.push(KeyedLog::open(config).await?);
        }
        check_keys(&keyed)?;
        let clock: Clock = Arc::new(move || millis(&*clock));
        let mut logs = Vec::new();
        for keyed in keyed {
            let log = TransparencyLog::open(keyed, Arc::clone(&clock), metrics.clone()).await?;
            metrics.watch(log.origin.as_str(), log.log.clone())?;
            logs.push(Arc::new(log));
        }
        let mut logs = logs.into_iter();
        Ok(Self {
            first: logs.next().ok_or(Error::NoLogs)?,
            others: logs.collect(),
        })
    }

    /// The log of a host name, which may carry a port; the first one for any other name, since a
    /// process on one machine is reached under `localhost`.
    pub(crate) fn for_host(&self, authority: Option<&str>) -> &Arc<TransparencyLog> {
        let host = authority.map(|name| name.rsplit_once(':').map_or(name, |(host, _port)| host));
        let is_named = |log: &&Arc<TransparencyLog>| {
            host.is_some_and(|host| host.eq_ignore_ascii_case(log.origin.as_str()))
        };
        self.iter().find(is_named).unwrap_or(&self.first)
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.iter().try_for_each(|log| log.check())
    }

    pub(crate) async fn shut_down(&self) {
        for log in self.iter() {
            log.log.shutdown().await;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<TransparencyLog>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

// Clients find a log by its key, so with one key for two the entries of one would be sought in the
// other.
fn check_keys(logs: &[KeyedLog<'_>]) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for log in logs {
        if let Some(other) = seen.insert(log.key.public_key().log_id(), &log.origin) {
            return Err(Error::KeyShared {
                one: other.clone(),
                other: log.origin.clone(),
            });
        }
    }
    Ok(())
}

fn open_journal(data: &Path) -> Result<FileJournal, journal::Error> {
    FileJournal::open(data.join("journal"))
}

// The directory itself has the layout of the read interface below this folder, so that other tools
// can read or serve it.
fn open_tiles(data: &Path) -> Result<DirectoryStorage, cold::Error> {
    DirectoryStorage::open(data.join("tiles"))
}

fn millis(clock: &dyn kit::Clock) -> u64 {
    let millis = clock.now().unix_timestamp_nanos() / 1_000_000;
    u64::try_from(millis).unwrap_or_default()
}
