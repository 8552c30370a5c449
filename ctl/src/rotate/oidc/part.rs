//! What the plan says of the issuer, and the file of its next key.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sigstead_kit::Period;
use sigstead_signer::KeyConfig;

use crate::init::configuration::key_config;
use crate::instance::Instance;
use crate::rotate::plan::Plan;

/// The keys of the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OidcKey {
    /// The key that signs now, as the key set names it.
    pub(super) old_key: String,
    /// The next one, once it is made.
    pub(super) next_key: Option<String>,
    /// How long the key set has the old key once the next one signs.
    pub(super) lives_on: Period,
}

pub(super) type OidcPlan = Plan<OidcKey>;

impl OidcPlan {
    /// The file of the next key, in the folder of the service.
    pub(super) fn key(&self) -> PathBuf {
        PathBuf::from(format!("keys/oidc-{}.key", self.number))
    }

    /// The next key, as the service names it.
    pub(super) fn key_config(&self, instance: &Instance) -> KeyConfig {
        let in_file = || key_config(instance, &self.key().display().to_string());
        self.next_key_at.clone().unwrap_or_else(in_file)
    }
}
