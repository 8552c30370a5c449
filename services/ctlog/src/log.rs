//! A log: one tree under one key and one origin.

use std::sync::Arc;
use std::time::Duration;

use sigstead_checkpoint::Origin;
use sigstead_cold::{ColdStorage, DirectoryStorage};
use sigstead_config::ctlog::LogConfig;
use sigstead_journal::FileJournal;
use sigstead_key::PublicKey;
use sigstead_sequencer::{Anchor as _, Clock, FileAnchor, Log, LogParts, TileLeaves};
use sigstead_signer::Signer;
use tokio_util::sync::CancellationToken;

use crate::acceptance::Acceptance;
use crate::ends::Ends;
use crate::error::Error;
use crate::head_signer::TreeHeadSigner;
use crate::index::open_index;
use crate::issuer_storage::IssuerStorage;
use crate::leaves::Leaves;
use crate::metrics::Metrics;

/// Takes certificates, and holds them for everyone to see.
pub struct CtLog {
    pub(crate) origin: Origin,
    pub(crate) log: Log,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) acceptance: Arc<Acceptance>,
    pub(crate) ends: Ends,
    pub(crate) leaves: Leaves,
    pub(crate) issuers: IssuerStorage,
    pub(crate) metrics: Metrics,
}

impl CtLog {
    pub(crate) fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.log.is_frozen()
    }

    /// Why its operator lets it take no certificates, if he does.
    pub(crate) fn pause(&self) -> Option<Arc<str>> {
        self.log.health().paused
    }

    /// Whether it takes certificates now, or takes none because its operator wants it so.
    pub(crate) fn check(&self) -> Result<(), String> {
        let health = self.log.health();
        match health.read_only.or(health.hindered) {
            Some(reason) if !self.is_frozen() => {
                Err(format!("{} takes no entries: {reason}", self.origin))
            }
            _ => Ok(()),
        }
    }

    /// Keeps the index of leaves up to date until it is told to stop.
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        self.leaves.follow(&self.log, stop).await;
    }
}

/// A log whose key is open and whose files are not touched yet.
pub(crate) struct KeyedLog<'a> {
    config: &'a LogConfig,
    pub(crate) origin: Origin,
    signer: Arc<dyn Signer>,
    head_signer: TreeHeadSigner,
}

impl<'a> KeyedLog<'a> {
    pub(crate) async fn open(config: &'a LogConfig) -> Result<Self, Error> {
        let origin = Origin::parse(config.origin.as_str())?;
        let signer = sigstead_signer::open(&config.key).await;
        let signer = signer.map_err(Error::Key)?;
        Ok(Self {
            config,
            head_signer: TreeHeadSigner::new(origin.clone(), Arc::clone(&signer))?,
            origin,
            signer,
        })
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// Makes the anchor of a log that is about to be made.
    pub(crate) fn begin_anchor(&self) -> Result<(), Error> {
        let begun = FileAnchor::new(&self.config.anchor).begin();
        Ok(begun.map_err(sigstead_sequencer::Error::Anchor)?)
    }

    /// Checks what is beside the files of the log.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let anchored = FileAnchor::new(&self.config.anchor).load();
        anchored.map_err(sigstead_sequencer::Error::Anchor)?;
        Ok(())
    }

    pub(crate) async fn open_files(
        self,
        acceptance: Arc<Acceptance>,
        clock: Clock,
    ) -> Result<CtLog, Error> {
        let data = &self.config.data;
        // The directory has the layout of the read interface, so that other tools can read or serve it.
        let cold: Arc<dyn ColdStorage> = Arc::new(
            DirectoryStorage::open(data.join("tiles")).map_err(sigstead_sequencer::Error::Cold)?,
        );
        let journal =
            FileJournal::open(data.join("journal")).map_err(sigstead_sequencer::Error::Journal)?;
        let limits = limits_of(self.config);
        let parts = LogParts {
            journal: Box::new(journal),
            cold: Arc::clone(&cold),
            anchor: Box::new(FileAnchor::new(&self.config.anchor)),
            head_signer: Arc::new(self.head_signer),
            cosigning: None,
            leaf_format: Arc::new(TileLeaves),
            known: Arc::new(open_index(&data.join("known"))?),
            clock,
        };
        // The log itself comes last: when anything fails before, there is no thread that still holds its journal.
        let leaves = Leaves::open(&data.join("leaves"))?;
        let metrics = Metrics::new(self.origin.as_str())?;
        Ok(CtLog {
            log: Log::open(limits, parts).await?,
            origin: self.origin,
            signer: self.signer,
            acceptance,
            ends: Ends::of(self.config),
            leaves,
            issuers: IssuerStorage::new(cold),
            metrics,
        })
    }
}

fn limits_of(config: &LogConfig) -> sigstead_sequencer::LogConfig {
    let mut limits = sigstead_sequencer::LogConfig::new(config.origin.as_str());
    limits.min_round_interval = config.min_round_interval.duration().max(HEAD_INTERVAL);
    // RFC 6962 §3.5: no two tree heads have the same time.
    limits.distinct_times = true;
    let interval = config.refresh_interval.duration();
    limits.pause_mark = Some(config.data.join("paused"));
    limits.refresh_interval = (!interval.is_zero()).then_some(interval);
    limits
}

/// Times are distinct milliseconds, so more heads a second would run ahead of the clock.
const HEAD_INTERVAL: Duration = Duration::from_millis(1);
