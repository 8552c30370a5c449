use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntGauge, Opts, Registry};
use sigstead_sequencer::{Health, Log};

use crate::error::{AdminError, Error};

/// What the service counts beside the requests.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    new_entries: IntCounter,
    new_v1_entries: IntCounter,
    duplicate_entries: IntCounter,
}

impl Metrics {
    pub(crate) fn register() -> Result<Self, Error> {
        let registry = Registry::new();
        sigstead_signer::register(&registry).map_err(AdminError::Metrics)?;
        let counter = |name, help| {
            let counter = IntCounter::new(name, help).map_err(AdminError::Metrics)?;
            let registered = registry.register(Box::new(counter.clone()));
            registered.map_err(AdminError::Metrics)?;
            Ok::<_, Error>(counter)
        };
        Ok(Self {
            // The name that rekor-tiles has for it.
            new_entries: counter(
                "rekor_v2_new_hashedrekord_entries",
                "The total number of new hashedrekord log entries",
            )?,
            // The name that Rekor v1 has for it.
            new_v1_entries: counter("rekor_new_entries", "The total number of new log entries")?,
            duplicate_entries: counter(
                "sigstead_tlog_duplicate_entries_total",
                "Entries that were in the log already and answered with their place.",
            )?,
            registry: registry.clone(),
        })
    }

    /// Shows how a log is doing from now on.
    pub(crate) fn watch(&self, origin: &str, log: Log, is_witnessed: bool) -> Result<(), Error> {
        let watched = WatchedLog::new(origin, log, is_witnessed).map_err(AdminError::Metrics)?;
        let registered = self.registry.register(Box::new(watched));
        registered.map_err(|error| AdminError::Metrics(error).into())
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn count_entry(&self, is_duplicate: bool) {
        self.count(&self.new_entries, is_duplicate);
    }

    pub(crate) fn count_v1_entry(&self, is_duplicate: bool) {
        self.count(&self.new_v1_entries, is_duplicate);
    }

    fn count(&self, new: &IntCounter, is_duplicate: bool) {
        if is_duplicate {
            self.duplicate_entries.inc();
        } else {
            new.inc();
        }
    }
}

/// The gauges of one log, read from it when they are asked for.
struct WatchedLog {
    log: Log,
    /// Whether it has a policy of witnesses.
    witnessed: IntGauge,
    frozen: IntGauge,
    gauges: Vec<(IntGauge, Reading)>,
}

impl WatchedLog {
    fn new(origin: &str, log: Log, is_witnessed: bool) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| {
            IntGauge::with_opts(Opts::new(name, help).const_label("origin", origin))
        };
        let gauges = GAUGES
            .iter()
            .map(|(name, help, read)| gauge(name, help).map(|gauge| (gauge, *read)));
        let witnessed = gauge(
            "sigstead_tlog_witnessed",
            "1 when the log has a policy of witnesses.",
        )?;
        witnessed.set(is_witnessed.into());
        Ok(Self {
            log,
            witnessed,
            frozen: gauge(
                "sigstead_tlog_frozen",
                "1 when the log has ended: it takes no entries for good, as its operator wants.",
            )?,
            gauges: gauges.collect::<Result<_, _>>()?,
        })
    }
}

impl Collector for WatchedLog {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = self.gauges.iter().map(|(gauge, _)| gauge);
        gauges
            .chain([&self.witnessed, &self.frozen])
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let health = self.log.health();
        let collect = |(gauge, read): &(IntGauge, Reading)| {
            gauge.set(i64::try_from(read(&health)).unwrap_or(i64::MAX));
            gauge.collect()
        };
        self.frozen.set(self.log.is_frozen().into());
        let fixed = [&self.witnessed, &self.frozen].into_iter();
        let read = self.gauges.iter().flat_map(collect);
        read.chain(fixed.flat_map(Collector::collect)).collect()
    }
}

type Reading = fn(&Health) -> u64;
type Gauge = (&'static str, &'static str, Reading);

const GAUGES: [Gauge; 8] = [
    (
        "sigstead_tlog_size",
        "Entries under the published checkpoint.",
        |health| health.size,
    ),
    (
        "sigstead_tlog_checkpoint_timestamp_seconds",
        "Time of the published checkpoint, in seconds since the epoch.",
        |health| health.published_millis / 1000,
    ),
    (
        "sigstead_tlog_waiting_entries",
        "Entries that wait for the next round.",
        |health| health.waiting as u64,
    ),
    (
        "sigstead_tlog_bundles_in_cold",
        "Full bundles of entries that are in cold storage.",
        |health| health.bundles_in_cold,
    ),
    (
        "sigstead_tlog_anchored_size",
        "Up to which size the anchor knows the log.",
        |health| health.anchored_size,
    ),
    (
        "sigstead_tlog_cosigned_size",
        "Up to which size a quorum of witnesses has cosigned the log since it was opened; 0 without witnesses.",
        |health| health.cosigned_size,
    ),
    (
        "sigstead_tlog_read_only",
        "1 when the log takes no entries, for now or for good; ListLogs of the admin port says why.",
        |health| u64::from(health.takes_none_because().is_some()),
    ),
    (
        "sigstead_tlog_paused",
        "1 when the operator has paused the log; ListLogs of the admin port says why.",
        |health| u64::from(health.paused.is_some()),
    ),
];
