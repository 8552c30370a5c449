//! What is measured.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntGauge, Opts, Registry};
use sigstead_sequencer::{Health, Log};

use crate::error::Error;

/// The measurements of a log beside those of requests.
pub(crate) struct Metrics {
    new_entries: IntCounter,
    duplicate_entries: IntCounter,
}

impl Metrics {
    pub(crate) fn new(origin: &str) -> Result<Self, Error> {
        let counter = |name, help| {
            let options = Opts::new(name, help).const_label("origin", origin);
            IntCounter::with_opts(options).map_err(Error::Metrics)
        };
        Ok(Self {
            new_entries: counter("sigstead_ctlog_entries_total", "Entries that were logged.")?,
            duplicate_entries: counter(
                "sigstead_ctlog_duplicate_entries_total",
                "Entries that were in the log already and answered with their place.",
            )?,
        })
    }

    /// Shows them and how the log is doing from now on. The registry holds the log for as long as the process runs, so it is
    /// done when nothing can fail any more.
    pub(crate) fn show(&self, registry: &Registry, origin: &str, log: Log) -> Result<(), Error> {
        let show =
            |collector: Box<dyn Collector>| registry.register(collector).map_err(Error::Metrics);
        show(Box::new(self.new_entries.clone()))?;
        show(Box::new(self.duplicate_entries.clone()))?;
        let watched = WatchedLog::new(origin, log).map_err(Error::Metrics)?;
        show(Box::new(watched))
    }

    pub(crate) fn count_entry(&self, is_duplicate: bool) {
        if is_duplicate {
            self.duplicate_entries.inc();
        } else {
            self.new_entries.inc();
        }
    }
}

/// The gauges of the log, read from it when they are asked for.
struct WatchedLog {
    log: Log,
    gauges: Vec<(IntGauge, Reading)>,
    frozen: IntGauge,
}

impl WatchedLog {
    fn new(origin: &str, log: Log) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| {
            IntGauge::with_opts(Opts::new(name, help).const_label("origin", origin))
        };
        let reading = |(name, help, read): &Gauge| gauge(name, help).map(|gauge| (gauge, *read));
        Ok(Self {
            log,
            gauges: GAUGES.iter().map(reading).collect::<Result<_, _>>()?,
            frozen: gauge(
                "sigstead_ctlog_frozen",
                "1 when the operator has ended the log and it has its last checkpoint.",
            )?,
        })
    }
}

impl Collector for WatchedLog {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges
            .iter()
            .flat_map(|(gauge, _)| gauge.desc())
            .chain(self.frozen.desc())
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let health = self.log.health();
        let collect = |(gauge, read): &(IntGauge, Reading)| {
            gauge.set(i64::try_from(read(&health)).unwrap_or(i64::MAX));
            gauge.collect()
        };
        self.frozen.set(self.log.is_frozen().into());
        let read = self.gauges.iter().flat_map(collect);
        read.chain(self.frozen.collect()).collect()
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
