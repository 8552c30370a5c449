//! Whether the key of the certificate authority's root is where a thief of the office finds it.

use sigstead_trust_root::Base64Bytes;

use super::finding::{Finding, Seen};
use super::patient::Patient;
use super::published;
use crate::operator_key;
use crate::profile::Profile;
use crate::rotate::root_key_of;

/// The keys of roots of chains that count, in an instance for real use.
pub(super) fn kept_here(patient: &Patient) -> Seen {
    let is_real = matches!(
        patient.instance.manifest.profile,
        Profile::Standard | Profile::Strict | Profile::Airgap
    );
    let Some(state) = published::state(patient)?.filter(|_| is_real) else {
        return Ok(Vec::new());
    };
    let chains = state.certificate_authorities.newest_first().into_iter();
    let counting = chains.filter(|chain| chain.in_service);
    let mut roots: Vec<&[Base64Bytes]> = counting.map(|chain| chain.chain.as_slice()).collect();
    roots.dedup_by_key(|chain| chain.last());
    let here = roots.into_iter().filter_map(|chain| {
        let key = root_key_of(&patient.instance, chain).ok()?;
        // A file may say that the key is in a token or a server, which gives it to no thief of files.
        let place = operator_key::config(&patient.instance, &key).ok()?;
        (key.exists() && place.path().is_some()).then(|| patient.shown(&key))
    });
    let findings = here.map(|key| {
        Finding::new(
            format!("{key} is beside the services, so this instance is not in production yet"),
            "let a ceremony or a company make the next root: docs/authorities.md, `sigctl rotate ca-root start --root elsewhere`; once it is used, destroy this key",
        )
    });
    Ok(findings.collect())
}
