//! What the trusted root says about one log.

use ::time::OffsetDateTime;
use sigstead_key::PublicKey;
use sigstead_trust_root::{TransparencyLogInstance, TrustedRoot};

use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure};

/// A log of signatures or certificates whose key can be used.
pub(crate) struct TrustedLog<'a> {
    pub(crate) instance: &'a TransparencyLogInstance,
    pub(crate) key: PublicKey,
}

impl<'a> TrustedLog<'a> {
    /// What the trusted root says about the signature log of an identifier: a log whose trust was interrupted has an
    /// entry for each time. None if it is not known.
    pub(crate) fn of_signatures(
        root: &'a TrustedRoot,
        id: &'a [u8],
    ) -> impl Iterator<Item = Result<Self, Failure>> + use<'a> {
        find(&root.tlogs, id)
    }

    /// The same for a certificate log.
    pub(crate) fn of_certificates(
        root: &'a TrustedRoot,
        id: &'a [u8],
    ) -> impl Iterator<Item = Result<Self, Failure>> + use<'a> {
        find(&root.ctlogs, id)
    }

    fn new(instance: &'a TransparencyLogInstance) -> Result<Self, Failure> {
        ensure(instance.hash_algorithm == "SHA2_256", Check::TrustedRoot)?;
        let key = PublicKey::from_spki_der(instance.public_key.raw_bytes.as_slice());
        Ok(Self {
            instance,
            key: key.failing(Check::TrustedRoot)?,
        })
    }

    /// Checks that signatures of the log's key count at `at`. A log without a beginning could have signed before it
    /// existed.
    pub(crate) fn check_time(&self, at: OffsetDateTime, check: Check) -> Result<(), Failure> {
        let range = self.instance.public_key.valid_for;
        if range.covers(at) {
            return Ok(());
        }
        let url = &self.instance.base_url;
        Err(Failure::unlike(
            check,
            format!("a time of {url} {range}"),
            at,
        ))
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

fn find<'a>(
    logs: &'a [TransparencyLogInstance],
    id: &'a [u8],
) -> impl Iterator<Item = Result<TrustedLog<'a>, Failure>> + use<'a> {
    logs.iter()
        .filter(move |log| log.log_id.key_id.as_slice() == id)
        .map(TrustedLog::new)
}

/// The first of several attempts that succeeds, or the failure of the last; none if nothing was attempted.
pub(crate) fn first<T>(
    attempts: impl Iterator<Item = Result<T, Failure>>,
) -> Result<Option<T>, Failure> {
    let mut outcome = Ok(None);
    for attempt in attempts {
        match attempt {
            Ok(found) => return Ok(Some(found)),
            Err(failure) => outcome = Err(failure),
        }
    }
    outcome
}
