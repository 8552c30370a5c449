use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts, Registry};

use crate::error::Error;

/// When a certificate ends, in seconds since the epoch.
pub(crate) type End = Box<dyn Fn() -> i64 + Send + Sync>;

/// When the certificates end that a service shows to others or signs with, in seconds since the epoch.
pub(crate) struct Expiry {
    ends: Vec<(&'static str, End)>,
    gauge: IntGaugeVec,
}

impl Expiry {
    pub(crate) fn register(
        registry: &Registry,
        ends: Vec<(&'static str, End)>,
    ) -> Result<(), Error> {
        let options = Opts::new(
            "sigstead_certificate_expires_timestamp_seconds",
            "When a certificate in use ends, in seconds since the epoch: that of a listener, or the first of a chain.",
        );
        let gauge = IntGaugeVec::new(options, &["certificate"]).map_err(Error::Metrics)?;
        let expiry = Self { ends, gauge };
        registry.register(Box::new(expiry)).map_err(Error::Metrics)
    }
}

impl Collector for Expiry {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (certificate, end) in &self.ends {
            self.gauge.with_label_values(&[certificate]).set(end());
        }
        self.gauge.collect()
    }
}
