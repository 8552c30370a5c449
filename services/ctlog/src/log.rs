//! The log: one tree under one key and one origin, and the roots that it accepts.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use sigstead_checkpoint::Origin;
use sigstead_cold::{ColdStorage, DirectoryStorage};
use sigstead_config::ctlog::Config;
use sigstead_journal::FileJournal;
use sigstead_sequencer::{Anchor as _, Clock, FileAnchor, Log, LogParts, TileLeaves};
use sigstead_signer::Signer;
use sigstead_x509::ExtendedKeyUsage;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::head_signer::TreeHeadSigner;
use crate::issuer_storage::IssuerStorage;
use crate::known_issuers::KnownIssuers;

use crate::index::open_index;
use crate::leaves::Leaves;
use crate::metrics::Metrics;
use crate::roots::Roots;
use crate::submitters::Submitters;

/// Takes certificates, and holds them for everyone to see.
pub struct CtLog {
    pub(crate) origin: Origin,
    pub(crate) log: Log,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) roots: Roots,
    pub(crate) submitters: Submitters,
    pub(crate) known: KnownIssuers,
    /// What a certificate must be for; empty for anything.
    pub(crate) usages: Vec<ExtendedKeyUsage>,
    pub(crate) leaves: Leaves,
    pub(crate) issuers: IssuerStorage,
    pub(crate) metrics: Metrics,
    registry: Registry,
}

impl CtLog {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// As [`crate::build`].
    pub async fn open(config: &Config, clock: Arc<dyn sigstead_kit::Clock>) -> Result<Self, Error> {
        let Named {
            origin,
            roots,
            signer,
            head_signer,
        } = Named::open(config).await?;
        // The directory has the layout of the read interface, so that other tools can read or serve it.
        let cold: Arc<dyn ColdStorage> = Arc::new(
            DirectoryStorage::open(config.data.join("tiles"))
                .map_err(sigstead_sequencer::Error::Cold)?,
        );
        let journal = FileJournal::open(config.data.join("journal"))
            .map_err(sigstead_sequencer::Error::Journal)?;
        let parts = LogParts {
            journal: Box::new(journal),
            cold: Arc::clone(&cold),
            anchor: Box::new(FileAnchor::new(&config.anchor)),
            head_signer: Arc::new(head_signer),
            cosigning: None,
            leaf_format: Arc::new(TileLeaves),
            known: Arc::new(open_index(&config.data.join("known"))?),
            clock: millis_of(Arc::clone(&clock)),
        };
        let log = Log::open(limits_of(config), parts).await?;
        let leaves = Leaves::open(&config.data.join("leaves"))?;
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, origin.as_str(), log.clone())?;
        let issuers = IssuerStorage::new(cold);
        Ok(Self {
            origin,
            log,
            signer,
            roots,
            submitters: Submitters::new(config, clock),
            known: KnownIssuers::default(),
            usages: config.extended_key_usages.iter().map(usage).collect(),
            leaves,
            issuers,
            metrics,
            registry,
        })
    }

    /// Checks everything that the configuration names, as far as it can be read without changing it.
    ///
    /// # Errors
    /// As [`crate::build`].
    pub(crate) async fn check_config(config: &Config) -> Result<(), Error> {
        Named::open(config).await?;
        let anchored = FileAnchor::new(&config.anchor).load();
        anchored.map_err(sigstead_sequencer::Error::Anchor)?;
        Ok(())
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let health = self.log.health();
        // What the operator paused is not missed.
        match health.read_only.or(health.hindered) {
            Some(reason) => Err(format!("{} takes no entries: {reason}", self.origin)),
            None => Ok(()),
        }
    }

    /// Keeps roots and the index of leaves up to date until it is told to stop.
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        tokio::join!(self.leaves.follow(&self.log, stop), self.roots.watch(stop));
    }

    pub(crate) async fn shut_down(&self) {
        self.log.shutdown().await;
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }
}

/// What the configuration of a log names beside its files.
struct Named {
    origin: Origin,
    roots: Roots,
    signer: Arc<dyn Signer>,
    head_signer: TreeHeadSigner,
}

impl Named {
    async fn open(config: &Config) -> Result<Self, Error> {
        let origin = Origin::parse(config.origin.as_str())?;
        let roots = Roots::open(config.roots.clone())?;
        let signer = sigstead_signer::open(&config.key).await;
        let signer = signer.map_err(Error::Key)?;
        Ok(Self {
            head_signer: TreeHeadSigner::new(origin.clone(), Arc::clone(&signer))?,
            origin,
            roots,
            signer,
        })
    }
}

const fn usage(configured: &sigstead_config::ctlog::ExtendedKeyUsage) -> ExtendedKeyUsage {
    use sigstead_config::ctlog::ExtendedKeyUsage as Configured;
    match configured {
        Configured::CodeSigning => ExtendedKeyUsage::CodeSigning,
        Configured::TimeStamping => ExtendedKeyUsage::TimeStamping,
        Configured::ServerAuthentication => ExtendedKeyUsage::ServerAuthentication,
        Configured::ClientAuthentication => ExtendedKeyUsage::ClientAuthentication,
    }
}

fn limits_of(config: &Config) -> sigstead_sequencer::LogConfig {
    let mut limits = sigstead_sequencer::LogConfig::new(config.origin.as_str());
    limits.min_round_interval = config.min_round_interval.duration().max(HEAD_INTERVAL);
    // RFC 6962 §3.5: no two tree heads have the same time.
    limits.distinct_times = true;
    let interval = config.refresh_interval.duration();
    limits.pause_mark = Some(config.data.join("paused"));
    limits.refresh_interval = (!interval.is_zero()).then_some(interval);
    limits
}

fn millis_of(clock: Arc<dyn sigstead_kit::Clock>) -> Clock {
    Arc::new(move || {
        let millis = clock.now().unix_timestamp_nanos() / 1_000_000;
        u64::try_from(millis).unwrap_or_default()
    })
}

/// Times are distinct milliseconds, so more heads a second would run ahead of the clock.
const HEAD_INTERVAL: Duration = Duration::from_millis(1);
