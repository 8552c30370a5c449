//! A refusal that may mean no more than that the copy of what is trusted is old.

use std::path::Path;

use sigstead_verify::{Bundle, Check, Material};
use time::OffsetDateTime;

use super::beginning;
use crate::failure::Failure;

/// What is said where a key is unknown, and the bundle says that it was made after what the copy of trust knows: the next batch may have
/// the key. The bundle could lie about its time, so it is refused in any case.
pub(super) fn may_be_later(
    failure: &sigstead_verify::Failure,
    bundle: &Bundle,
    knows_until: Option<OffsetDateTime>,
    named: Option<&Path>,
) -> Option<Failure> {
    let (made, until) = (made(bundle)?, knows_until?);
    let is_unknown = UNKNOWN.contains(&failure.check()) && made > until;
    is_unknown.then(|| {
        Failure::new(
            "E-VERIFY-043",
            format!("{}it says that it was signed at {made}, by a key that the copy of what is trusted does not have; the copy knows what was until {until}", beginning(named)),
            "import the next batch of what clients trust, and verify again: either it has the key, or the bundle is false",
        )
        .because(failure.check().problem())
    })
}

/// When the bundle says that it was made. Nothing has verified it.
fn made(bundle: &Bundle) -> Option<OffsetDateTime> {
    match &bundle.material {
        Material::Certificate(certificate) => Some(certificate.not_before()),
        Material::PublicKey => None,
    }
}

/// Checks that fail for a key that nobody has told us of.
const UNKNOWN: [Check; 4] = [
    Check::CertificateChain,
    Check::LogUnknown,
    Check::SctMissing,
    Check::TimeMissing,
];
