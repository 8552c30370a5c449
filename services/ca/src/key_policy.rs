use std::collections::BTreeSet;

use sigstead_key::{Algorithm, PublicKey};

use crate::Error;

/// Which keys are certified, of those that are well formed and strong.
#[derive(Debug, Clone)]
pub struct KeyPolicy {
    allowed: Vec<Algorithm>,
    /// Fingerprints of the instance's own keys.
    own: BTreeSet<String>,
}

impl KeyPolicy {
    /// Certifies keys of these algorithms, and none of `own`: who has the key of the authority or of a log could else sign
    /// artifacts in somebody's name with it, and its signatures would be taken for those of the service.
    #[must_use]
    pub fn new<'a>(allowed: &[Algorithm], own: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        Self {
            allowed: allowed.to_vec(),
            own: own.into_iter().map(PublicKey::fingerprint).collect(),
        }
    }

    /// # Errors
    /// [`Error::KeyNotAllowed`] or [`Error::KeyOfInstance`].
    pub(crate) fn check(&self, key: &PublicKey) -> Result<(), Error> {
        if !self.allowed.contains(&key.algorithm()) {
            return Err(Error::KeyNotAllowed(key.algorithm()));
        }
        if self.own.contains(&key.fingerprint()) {
            return Err(Error::KeyOfInstance);
        }
        Ok(())
    }
}
