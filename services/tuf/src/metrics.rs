//! What is measured.

use std::collections::BTreeMap;

use prometheus::core::Collector as _;
use prometheus::proto::LabelPair;
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

use crate::expiry::RoleName;
use crate::published::Published;

/// The service's measurements.
#[derive(Clone)]
pub(crate) struct Metrics {
    version: IntGaugeVec,
    expires: IntGaugeVec,
    fetches: IntCounterVec,
}

impl Metrics {
    /// Registers the measurements.
    ///
    /// # Errors
    /// If a name is taken.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let version = IntGaugeVec::new(
            Opts::new(
                "sigstead_tuf_version",
                "Published version of each role's metadata",
            ),
            &["role"],
        )?;
        let expires = IntGaugeVec::new(
            Opts::new(
                "sigstead_tuf_expires_timestamp_seconds",
                "Unix time at which clients stop to accept each role's metadata",
            ),
            &["role"],
        )?;
        let fetches = IntCounterVec::new(
            Opts::new(
                "sigstead_tuf_fetches_total",
                "How often each version of each role's metadata was fetched; of root and targets, before the start too",
            ),
            &["role", "version"],
        )?;
        registry.register(Box::new(version.clone()))?;
        registry.register(Box::new(expires.clone()))?;
        sigstead_signer::register(registry)?;
        registry.register(Box::new(fetches.clone()))?;
        Ok(Self {
            version,
            expires,
            fetches,
        })
    }

    /// Records a publication.
    pub(crate) fn published(&self, published: &Published) {
        for role in RoleName::ALL {
            let state = published.of(role);
            let version = i64::try_from(state.version).unwrap_or(i64::MAX);
            self.version.with_label_values(&[role.name()]).set(version);
            self.expires
                .with_label_values(&[role.name()])
                .set(state.expires);
        }
    }

    /// Goes on from what was counted before the start.
    pub(crate) fn resume<'a>(&self, counts: impl Iterator<Item = (&'a str, u64, u64)>) {
        for (role, version, count) in counts {
            let labels = [role, &version.to_string()];
            self.fetches.with_label_values(&labels).inc_by(count);
        }
    }

    /// How often each version of each role was fetched.
    pub(crate) fn fetches(&self) -> BTreeMap<(String, u64), u64> {
        let mut counts = BTreeMap::new();
        for family in self.fetches.collect() {
            for metric in family.get_metric() {
                let label = |name| {
                    let mut labels = metric.get_label().iter();
                    labels
                        .find(|label| label.name() == name)
                        .map(LabelPair::value)
                };
                let (Some(role), Some(number)) = (label("role"), label("version")) else {
                    continue;
                };
                if let Ok(version) = number.parse() {
                    let count = self.fetches.with_label_values(&[role, number]).get();
                    counts.insert((role.to_owned(), version), count);
                }
            }
        }
        counts
    }

    /// Counts that somebody got a file, if it is metadata; nothing is kept of who it was. `timestamp` is the version of the
    /// timestamp, whose file has no number.
    pub(crate) fn fetched(&self, path: &str, timestamp: u64) {
        for role in RoleName::ALL {
            let version = match path.strip_suffix(&format!("{}.json", role.name())) {
                Some("") if role == RoleName::Timestamp => Some(timestamp),
                Some(number) => number.strip_suffix('.').and_then(|it| it.parse().ok()),
                None => None,
            };
            if let Some(version) = version {
                let labels = [role.name(), &version.to_string()];
                self.fetches.with_label_values(&labels).inc();
            }
        }
    }
}
