//! What the trusted root says about one log.

use ::time::OffsetDateTime;
use sigstead_key::PublicKey;
use sigstead_trust_root::{TransparencyLogInstance, TrustedRoot};

use crate::failure::{Failing as _, ensure};
use crate::{Check, Failure};

/// A log of signatures or certificates whose key can be used.
pub(crate) struct TrustedLog<'a> {
    pub(crate) instance: &'a TransparencyLogInstance,
    pub(crate) key: PublicKey,
}

impl<'a> TrustedLog<'a> {
    /// The signature log of an identifier.
    pub(crate) fn of_signatures(root: &'a TrustedRoot, id: &[u8]) -> Result<Self, Failure> {
        let instance = find(&root.tlogs, id).failing(Check::LogUnknown)?;
        Self::new(instance)
    }

    /// The certificate log of an identifier, if it is known.
    pub(crate) fn of_certificates(
        root: &'a TrustedRoot,
        id: &[u8],
    ) -> Option<Result<Self, Failure>> {
        find(&root.ctlogs, id).map(Self::new)
    }

    fn new(instance: &'a TransparencyLogInstance) -> Result<Self, Failure> {
        ensure(instance.hash_algorithm == "SHA2_256", Check::TrustedRoot)?;
        let key = PublicKey::from_spki_der(instance.public_key.raw_bytes.as_slice());
        Ok(Self {
            instance,
            key: key.failing(Check::TrustedRoot)?,
        })
    }

    /// Whether signatures of the log's key count at `at`.
    pub(crate) fn is_trusted_at(&self, at: OffsetDateTime) -> bool {
        self.instance.public_key.valid_for.covers(at)
    }

    /// The host of the log's URL, which names it in checkpoints: without scheme, port and path.
    pub(crate) fn host(&self) -> &str {
        let url = self.instance.base_url.as_str();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => host,
            _ => authority,
        }
    }
}

fn find<'a>(logs: &'a [TransparencyLogInstance], id: &[u8]) -> Option<&'a TransparencyLogInstance> {
    logs.iter().find(|log| log.log_id.key_id.as_slice() == id)
}
