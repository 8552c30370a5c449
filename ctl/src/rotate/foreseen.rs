//! What clients will have been told when a rotation is over, before anything is done.

use sigstead_trust_root::{ClientTrustConfig, TrustedRoot};

use super::plan::Plan;
use super::rotation::Rotation;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::trust;

/// The trust root that a rotation leads to. The next key is not made yet, so that it is named and not there.
pub(super) struct Foreseen {
    pub(super) trusted_root: TrustedRoot,
    /// In what it differs from the one of now, a sentence each.
    pub(super) changes: Vec<String>,
}

impl Foreseen {
    /// None where the trust state is kept elsewhere.
    pub(super) fn of<R: Rotation>(
        instance: &Instance,
        plan: &Plan<R>,
    ) -> Result<Option<Self>, Failure> {
        if !instance.path("trust/state.json").exists() {
            return Ok(None);
        }
        let state = trust::read_state(instance)?;
        let now = state
            .client_trust_config()
            .map_err(|error| Failure::file("read", &instance.path("trust/state.json"), error))?;
        let mut then = now.clone();
        R::foresee(instance, plan, &mut then);
        Ok(Some(Self::between(&now, then)))
    }

    fn between(now: &ClientTrustConfig, then: ClientTrustConfig) -> Self {
        let mut changes = trust::of_trusted_roots(&now.trusted_root, &then.trusted_root);
        let (before, after) = (&now.signing_config, &then.signing_config);
        changes.extend(trust::of_signing_configs(Some(before), after));
        Self {
            trusted_root: then.trusted_root,
            changes,
        }
    }
}
