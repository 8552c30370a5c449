//! What is measured.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntGauge, Opts, Registry};
use sigstead_sequencer::{Health, Log};

use crate::error::Error;

/// The service's measurements beside those of requests.
pub(crate) struct Metrics {
    new_entries: IntCounter,
    duplicate_entries: IntCounter,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry, origin: &str, log: Log) -> Result<Self, Error> {
        Self::try_register(registry, origin, log).map_err(Error::Metrics)
    }

    pub(crate) fn count_entry(&self, is_duplicate: bool) {
        if is_duplicate {
            self.duplicate_entries.inc();
        } else {
            self.new_entries.inc();
        }
    }

    fn try_register(
        registry: &Registry,
        origin: &str,
        log: Log,
    ) -> Result<Self, prometheus::Error> {
        let counter = |name, help| {
            let options = Opts::new(name, help).const_label("origin", origin);
            let counter = IntCounter::with_opts(options)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let metrics = Self {
            new_entries: counter("sigstead_ctlog_entries_total", "Entries that were logged.")?,
            duplicate_entries: counter(
                "sigstead_ctlog_duplicate_entries_total",
                "Entries that were in the log already and answered with their place.",
            )?,
        };
        registry.register(Box::new(WatchedLog::new(origin, log)?))?;
        sigstead_signer::register(registry)?;
        Ok(metrics)
    }
}

/// The gauges of the log, read from it when they are asked for.
struct WatchedLog {
    log: Log,
    gauges: Vec<(IntGauge, Reading)>,
}

impl WatchedLog {
    fn new(origin: &str, log: Log) -> Result<Self, prometheus::Error> {
        let gauge = |(name, help, read): &Gauge| {
            let options = Opts::new(*name, *help).const_label("origin", origin);
            IntGauge::with_opts(options).map(|gauge| (gauge, *read))
        };
        Ok(Self {
            log,
            gauges: GAUGES.iter().map(gauge).collect::<Result<_, _>>()?,
        })
    }
}

impl Collector for WatchedLog {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges
            .iter()
            .flat_map(|(gauge, _)| gauge.desc())
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let health = self.log.health();
        let collect = |(gauge, read): &(IntGauge, Reading)| {
            gauge.set(i64::try_from(read(&health)).unwrap_or(i64::MAX));
            gauge.collect()
        };
        self.gauges.iter().flat_map(collect).collect()
    }
}

type Reading = fn(&Health) -> u64;
type Gauge = (&'static str, &'static str, Reading);

const GAUGES: [Gauge; 7] = [
    (
        "sigstead_ctlog_size",
        "Entries under the published checkpoint.",
        |health| health.size,
    ),
    (
        "sigstead_ctlog_checkpoint_timestamp_seconds",
        "Time of the published checkpoint, in seconds since the epoch.",
        |health| health.published_millis / 1000,
    ),
    (
        "sigstead_ctlog_waiting_entries",
        "Entries that wait for the next round.",
        |health| health.waiting as u64,
    ),
    (
        "sigstead_ctlog_bundles_in_cold",
        "Full bundles of entries that are in cold storage.",
        |health| health.bundles_in_cold,
    ),
    (
        "sigstead_ctlog_anchored_size",
        "Up to which size the anchor knows the log.",
        |health| health.anchored_size,
    ),
    (
        "sigstead_ctlog_read_only",
        "1 when the log takes no entries, for now or for good; /readyz says why.",
        |health| u64::from(health.takes_none_because().is_some()),
    ),
    (
        "sigstead_ctlog_paused",
        "1 when the operator has paused the log; ListLogs of the admin port says why.",
        |health| u64::from(health.paused.is_some()),
    ),
];
