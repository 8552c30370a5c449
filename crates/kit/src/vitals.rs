use std::path::{Path, PathBuf};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntGauge, IntGaugeVec, Opts, Registry};

use crate::clock::{Clock as _, SystemClock};
use crate::error::Error;
use crate::readiness::Readiness;

/// What every service tells of itself: since when it runs, whether it is ready, what it warns of.
#[derive(Clone)]
pub(crate) struct Vitals {
    ready: IntGauge,
    warning: IntGaugeVec,
}

impl Vitals {
    /// The service begins now.
    pub(crate) fn register(registry: &Registry, service: &str) -> Result<Self, Error> {
        Self::try_register(registry, service).map_err(Error::Metrics)
    }

    fn try_register(registry: &Registry, service: &str) -> Result<Self, prometheus::Error> {
        let build = IntGaugeVec::new(
            Opts::new(
                "sigstead_build_info",
                "Which service of which version runs here.",
            ),
            &["service", "version"],
        )?;
        let version = env!("CARGO_PKG_VERSION");
        build.with_label_values(&[service, version]).set(1);
        let started = Gauge::new(
            "process_start_time_seconds",
            "When the service was started, in seconds since the epoch.",
        )?;
        // A float holds milliseconds of our time exactly.
        started.set(SystemClock.now_millis() as f64 / 1000.0);
        let ready = IntGauge::new(
            "sigstead_ready",
            "Whether the service can do its work, as /readyz says.",
        )?;
        let warning = IntGaugeVec::new(
            Opts::new(
                "sigstead_warning",
                "Whether the service warns of something that will make it unready; /readyz has the words.",
            ),
            &["check"],
        )?;
        registry.register(Box::new(build))?;
        registry.register(Box::new(started))?;
        registry.register(Box::new(ready.clone()))?;
        registry.register(Box::new(warning.clone()))?;
        Ok(Self { ready, warning })
    }

    /// Looks at how the service does, for who reads the metrics next.
    pub(crate) async fn look(&self, readiness: &Readiness) {
        let is_ready = readiness.recent_reasons().await.is_empty();
        self.ready.set(is_ready.into());
        // Those of one name count as one.
        self.warning.reset();
        for (check, is_given) in readiness.each_warning() {
            let gauge = self.warning.with_label_values(&[check]);
            gauge.set(gauge.get().max(is_given.into()));
        }
    }
}

/// How much room there is under the folders that a service writes.
pub(crate) struct Room {
    folders: Vec<PathBuf>,
    available: IntGaugeVec,
    size: IntGaugeVec,
}

impl Room {
    pub(crate) fn register(registry: &Registry, folders: Vec<PathBuf>) -> Result<(), Error> {
        let room = Self::new(folders).map_err(Error::Metrics)?;
        registry.register(Box::new(room)).map_err(Error::Metrics)
    }

    fn new(folders: Vec<PathBuf>) -> Result<Self, prometheus::Error> {
        let gauge = |name, help| IntGaugeVec::new(Opts::new(name, help), &["folder"]);
        Ok(Self {
            folders,
            available: gauge(
                "sigstead_disk_available_bytes",
                "What the service may still write to the disk under a folder of its own.",
            )?,
            size: gauge(
                "sigstead_disk_size_bytes",
                "How much the disk under a folder of the service holds.",
            )?,
        })
    }

    fn look(&self, folder: &Path) {
        let name = folder.display().to_string();
        // A folder that cannot be looked at has no number; readiness says what is wrong with it.
        if let Ok(found) = rustix::fs::statvfs(folder) {
            let bytes = |blocks: u64| {
                i64::try_from(blocks.saturating_mul(found.f_frsize)).unwrap_or(i64::MAX)
            };
            let gauge = |all: &IntGaugeVec| all.with_label_values(&[&name]);
            gauge(&self.available).set(bytes(found.f_bavail));
            gauge(&self.size).set(bytes(found.f_blocks));
        }
    }
}

impl Collector for Room {
    fn desc(&self) -> Vec<&Desc> {
        [&self.available, &self.size]
            .into_iter()
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.available.reset();
        self.size.reset();
        self.folders.iter().for_each(|folder| self.look(folder));
        [&self.available, &self.size]
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}
