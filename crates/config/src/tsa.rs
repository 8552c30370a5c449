//! Configuration of the timestamp authority.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::{Listeners, ServiceConfig, TelemetryConfig};
use sigstead_signer::{KeyConfig, KeyRing};
use time::OffsetDateTime;

use crate::authority;

pub use crate::authority::{KeyAndChain, Successor, SuccessorsFile};
pub use crate::successors::OVERLAP;

/// The file of the `tsa` service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The key that signs timestamps, until a successor takes over. It must be the key of the first certificate of `chain`;
    /// otherwise the service does not start.
    pub key: KeyConfig,
    /// PEM file with the time-stamping certificate first and its issuers up to the root after it.
    /// A timestamp is accepted only while the whole chain is valid.
    pub chain: PathBuf,
    /// A file with the keys that take over from `key`, each at a time of its own, which `sigctl rotate tsa` writes. It is
    /// looked at every few seconds, and read on SIGHUP; as long as there is no such file, `key` signs for ever. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successors_file: Option<PathBuf>,
    /// The policy, as a dotted object identifier, of requests that ask for none. Default
    /// `1.3.6.1.4.1.57264.2`.
    #[serde(default = "default_policy")]
    pub policy: String,
    /// Policies that requests may ask for besides `policy`. Default none; a request for any other
    /// is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_policies: Vec<String>,
}

impl Config {
    /// A configuration with every default.
    #[must_use]
    pub fn new(listeners: Listeners, key: KeyConfig, chain: PathBuf) -> Self {
        Self {
            listeners,
            telemetry: TelemetryConfig::default(),
            key,
            chain,
            successors_file: None,
            policy: default_policy(),
            accepted_policies: Vec::new(),
        }
    }

    /// The keys that the service opens at `now`. A key that another took over from is opened for [`OVERLAP`] more.
    #[must_use]
    pub fn ring<'a>(
        &'a self,
        file: &'a SuccessorsFile,
        now: OffsetDateTime,
    ) -> KeyRing<KeyAndChain<'a>> {
        let configured = KeyAndChain {
            key: &self.key,
            chain: &self.chain,
        };
        authority::ring(configured, file, now)
    }
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        let mut policies = std::iter::once(&self.policy).chain(&self.accepted_policies);
        match policies.find(|policy| !is_object_identifier(policy)) {
            Some(policy) => Err(format!(
                "the policy `{policy}` is not an object identifier; write one as 1.3.6.1.4.1.57264.2"
            )),
            None => Ok(()),
        }
    }
}

/// X.660 §7.6: at least two arcs, the first 0 to 2, the second below 40 unless the first is 2.
fn is_object_identifier(text: &str) -> bool {
    let arc = |arc: &str| {
        let canonical = arc == "0" || !arc.starts_with('0');
        (canonical && arc.bytes().all(|b| b.is_ascii_digit())).then(|| arc.parse::<u64>().ok())?
    };
    let Some(arcs) = text.split('.').map(arc).collect::<Option<Vec<_>>>() else {
        return false;
    };
    matches!(arcs.as_slice(), [2, _, ..] | [0 | 1, 0..40, ..])
}

fn default_policy() -> String {
    "1.3.6.1.4.1.57264.2".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_object_identifiers() {
        for text in ["1.3.6.1.4.1.57264.2", "2.999", "0.0"] {
            assert!(is_object_identifier(text), "{text}");
        }
        for text in ["", "1", "3.1", "1.40", "1.", ".1", "1.3.x", "1.03", "1..3"] {
            assert!(!is_object_identifier(text), "{text}");
        }
    }
}
