//! What is measured.

use prometheus::{IntCounter, Registry};

use crate::Error;

/// The service's measurements beside those of requests.
pub(crate) struct Metrics {
    stamped: IntCounter,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, Error> {
        let stamped = IntCounter::new(
            "sigstead_tsa_timestamps_total",
            "Timestamps that were signed",
        )
        .map_err(Error::Metrics)?;
        registry
            .register(Box::new(stamped.clone()))
            .map_err(Error::Metrics)?;
        sigstead_signer::register(registry).map_err(Error::Metrics)?;
        Ok(Self { stamped })
    }

    pub(crate) fn stamped(&self) {
        self.stamped.inc();
    }
}
