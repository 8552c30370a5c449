//! What the logs of the process take, and from whom.

use std::sync::Arc;

use sigstead_config::ctlog::{Config, ExtendedKeyUsage as Configured};
use sigstead_kit::Clock;
use sigstead_x509::ExtendedKeyUsage;

use crate::error::Error;
use crate::known_issuers::KnownIssuers;
use crate::roots::Roots;
use crate::submitters::Submitters;

/// What is accepted, by all logs alike.
pub(crate) struct Acceptance {
    pub(crate) roots: Roots,
    pub(crate) submitters: Submitters,
    pub(crate) known: KnownIssuers,
    /// What a certificate must be for; empty for anything.
    pub(crate) usages: Vec<ExtendedKeyUsage>,
}

impl Acceptance {
    pub(crate) fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self {
            roots: Roots::open(config.roots.clone())?,
            submitters: Submitters::new(config, clock),
            known: KnownIssuers::default(),
            usages: config.extended_key_usages.iter().map(usage).collect(),
        })
    }
}

const fn usage(configured: &Configured) -> ExtendedKeyUsage {
    match configured {
        Configured::CodeSigning => ExtendedKeyUsage::CodeSigning,
        Configured::TimeStamping => ExtendedKeyUsage::TimeStamping,
        Configured::ServerAuthentication => ExtendedKeyUsage::ServerAuthentication,
        Configured::ClientAuthentication => ExtendedKeyUsage::ClientAuthentication,
    }
}
