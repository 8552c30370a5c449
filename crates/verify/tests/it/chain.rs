//! Who may have issued a signing certificate: an authority of the trusted root, and nobody that a bundle brings along.

use sigstead_trust_root::{CertificateAuthority, TimeRange};
use sigstead_verify::{Check, verify_certificate};
use sigstead_x509::Certificate;
use time::Duration;

use crate::recipe::{Case, Kind, Recipe};
use crate::world::now;

const V0_1: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const V0_2: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";

/// A certificate of the sibling, in a bundle that brings the sibling's own certificate.
fn of_sibling(media_type: &'static str) -> Case {
    let recipe = Recipe {
        media_type,
        is_of_sibling: true,
        ..Recipe::rekor1(Kind::HashedRekord1)
    };
    recipe.make()
}

/// The trusted root's word on the sibling.
fn sibling(case: &Case) -> CertificateAuthority {
    let mut authority = case.root.certificate_authorities[0].clone();
    authority.cert_chain.certificates[0].raw_bytes = case.world.sibling.certificate.to_der().into();
    authority
}

#[test]
fn refuses_another_authority_of_the_same_root() {
    for media_type in [V0_1, V0_2] {
        let case = of_sibling(media_type);
        let failure = case.verify().unwrap_err();
        assert_eq!(failure.check(), Check::CertificateChain, "{failure}");
    }
}

#[test]
fn refuses_an_intermediate_after_it_was_retired_whatever_the_bundle_brings() {
    for media_type in [V0_1, V0_2] {
        let mut case = of_sibling(media_type);
        let mut retired = sibling(&case);
        retired.valid_for.end = Some(now() - Duration::DAY);
        case.root.certificate_authorities.push(retired);
        let failure = case.verify().unwrap_err();
        assert_eq!(failure.check(), Check::AuthorityTime, "{failure}");
    }
}

#[test]
fn accepts_an_authority_as_soon_as_the_trusted_root_has_it() {
    for media_type in [V0_1, V0_2] {
        let mut case = of_sibling(media_type);
        let added = sibling(&case);
        case.root.certificate_authorities.push(added);
        case.verify().unwrap();
    }
}

#[test]
fn what_stands_behind_the_leaf_is_not_read() {
    let recipe = Recipe {
        media_type: V0_2,
        ..Recipe::rekor1(Kind::HashedRekord1)
    };
    let mut case = recipe.make();
    let root = case.world.root.certificate.to_der().into();
    let chain = case
        .bundle
        .verification_material
        .x509_certificate_chain
        .as_mut();
    let certificates = &mut chain.unwrap().certificates;
    certificates[1].raw_bytes = vec![0x30, 0].into();
    certificates.push(sigstead_verify::json::RawCertificate { raw_bytes: root });
    case.verify().unwrap();
}

#[test]
fn a_certificate_is_checked_by_itself_as_of_a_time() {
    let case = Recipe::default().make();
    let der = case.bundle.verification_material.certificate.as_ref();
    let leaf = Certificate::from_der(der.unwrap().raw_bytes.as_slice()).unwrap();
    let check = |root, at, scts| {
        let checked = verify_certificate(root, &leaf, at, scts);
        checked.map_err(|failure| failure.check())
    };
    assert_eq!(check(&case.root, now(), 1), Ok(()));
    assert_eq!(check(&case.root, now(), 2), Err(Check::SctMissing));
    let late = now() + Duration::DAY;
    assert_eq!(check(&case.root, late, 1), Err(Check::CertificateTime));
    let mut unlogged = case.root.clone();
    unlogged.ctlogs.clear();
    assert_eq!(check(&unlogged, now(), 1), Err(Check::SctMissing));
    assert_eq!(check(&unlogged, now(), 0), Ok(()));
    let mut ended = case.root.clone();
    ended.certificate_authorities[0].valid_for.end = Some(now() - Duration::SECOND);
    assert_eq!(check(&ended, now(), 1), Err(Check::AuthorityTime));
}

#[test]
fn an_authority_without_a_beginning_is_trusted_until_its_end() {
    let mut case = Recipe::default().make();
    case.root.certificate_authorities[0].valid_for.start = None;
    case.root.timestamp_authorities[0].valid_for.start = None;
    case.verify().unwrap();
    case.root.certificate_authorities[0].valid_for.end = Some(now());
    assert_eq!(case.verify().unwrap_err().check(), Check::AuthorityTime);
    case.root.timestamp_authorities[0].valid_for.end = Some(now());
    assert_eq!(
        case.verify().unwrap_err().check(),
        Check::TimestampAuthorityTime
    );
}

#[test]
fn a_log_whose_trust_was_interrupted_is_trusted_in_each_of_its_times() {
    for is_first in [true, false] {
        let mut case = Recipe::default().make();
        let ended = TimeRange {
            start: Some(now() - Duration::days(2)),
            end: Some(now() - Duration::DAY),
        };
        for logs in [&mut case.root.tlogs, &mut case.root.ctlogs] {
            let mut earlier = logs.clone();
            earlier
                .iter_mut()
                .for_each(|log| log.public_key.valid_for = ended);
            let position = if is_first { 0 } else { logs.len() };
            logs.splice(position..position, earlier);
        }
        case.verify().unwrap();
        case.root
            .tlogs
            .iter_mut()
            .for_each(|log| log.public_key.valid_for = ended);
        assert_eq!(case.verify().unwrap_err().check(), Check::LogTime);
    }
}
