//! What is measured.

use prometheus::{IntGaugeVec, Opts, Registry};

use crate::expiry::RoleName;
use crate::published::Published;

/// The service's measurements.
#[derive(Clone)]
pub(crate) struct Metrics {
    version: IntGaugeVec,
    expires: IntGaugeVec,
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
        registry.register(Box::new(version.clone()))?;
        registry.register(Box::new(expires.clone()))?;
        Ok(Self { version, expires })
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
}
