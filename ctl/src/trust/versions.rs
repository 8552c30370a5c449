//! What the versions of the targets distributed, as far back as the repository goes.

use sigstead_trust_root::tuf::Targets;
use sigstead_trust_root::{SigningConfig, TrustState, TrustedRoot};

use super::repository::Repository;
use super::sentences;
use crate::failure::Failure;

/// The documents of one version.
#[derive(Clone)]
pub(super) struct Documents {
    pub(super) trusted_root: TrustedRoot,
    /// None in a repository that distributes none.
    pub(super) signing_config: Option<SigningConfig>,
}

impl Documents {
    /// What a version of the targets distributes.
    pub(super) fn of(repository: &Repository, targets: &Targets) -> Result<Self, Failure> {
        let damaged = |name: &str, error| repository.damaged(name, &sigstead_kit::causes(&error));
        let trusted_root = repository.target(targets, TRUSTED_ROOT)?;
        let trusted_root =
            TrustedRoot::parse(&trusted_root).map_err(|error| damaged(TRUSTED_ROOT, error))?;
        let signing_config = match targets.targets.contains_key(SIGNING_CONFIG) {
            false => None,
            true => {
                let bytes = repository.target(targets, SIGNING_CONFIG)?;
                let parsed = SigningConfig::parse(&bytes);
                Some(parsed.map_err(|error| damaged(SIGNING_CONFIG, error))?)
            }
        };
        Ok(Self {
            trusted_root,
            signing_config,
        })
    }

    /// What the next publication of a state will distribute.
    pub(super) fn of_state(state: &TrustState) -> Result<Self, sigstead_trust_root::Error> {
        Ok(Self {
            trusted_root: state.trusted_root()?,
            signing_config: Some(state.signing_config()),
        })
    }

    /// What these say otherwise than those before them, in sentences.
    pub(super) fn changes(&self, before: Option<&Self>) -> Vec<String> {
        let nothing = TrustedRoot::default();
        let root_before = before.map_or(&nothing, |before| &before.trusted_root);
        let mut changes = sentences::of_trusted_roots(root_before, &self.trusted_root);
        if let Some(config) = &self.signing_config {
            let config_before = before.and_then(|before| before.signing_config.as_ref());
            changes.extend(sentences::of_signing_configs(config_before, config));
        }
        changes
    }
}

const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";
