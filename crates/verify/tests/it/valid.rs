//! Bundles that are accepted.

use sigstead_key::HashAlgorithm;
use sigstead_trust_root::TimeRange;
use sigstead_verify::{Artifact, Bundle, Digests, Policy, Signer, TimeSource, Verifier};
use sigstead_x509::SubjectAlternativeName;
use time::{Duration, OffsetDateTime};

use crate::recipe::{ARTIFACT, IDENTITY, ISSUER, Kind, Recipe};
use crate::world::{key, now};

const V0_1: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const V0_2: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";
const V0_3_OLD: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";

#[test]
fn accepts_a_bundle_of_rekor_2_with_a_timestamp() {
    let accepted = Recipe::default().make().verify().unwrap();
    let Signer::Identity(signer) = &accepted.signer else {
        unreachable!("{:?}", accepted.signer);
    };
    assert_eq!(
        (signer.identity.as_str(), signer.issuer.as_str()),
        (IDENTITY, ISSUER)
    );
    assert_eq!(signer.authority_url, "https://ca.example.com");
    assert_eq!(signer.scts[0].url, "https://ct.example.com");
    assert_eq!(accepted.time(), Some(now() + Duration::seconds(5)));
    assert_eq!(accepted.times[0].source, TimeSource::TimestampAuthority);
    let entry = &accepted.entries[0];
    assert_eq!((entry.tree_index, entry.promised_index), (Some(3), None));
    assert_eq!(entry.log_url, "https://rekor2.example.com");
}

#[test]
fn accepts_every_kind_of_entry() {
    let table = [
        Recipe::rekor1(Kind::HashedRekord1),
        Recipe::rekor1(Kind::Dsse1),
        Recipe::rekor1(Kind::InToto1),
        Recipe::envelope(),
        Recipe {
            kind: Kind::Dsse2,
            ..Recipe::envelope()
        },
    ];
    for recipe in table {
        let kind = recipe.kind;
        let verified = recipe.make().verify();
        assert!(verified.is_ok(), "{kind:?}: {verified:?}");
    }
}

#[test]
fn accepts_every_version_of_bundles() {
    for media_type in [V0_1, V0_2, V0_3_OLD] {
        let recipe = Recipe {
            media_type,
            ..Recipe::rekor1(Kind::HashedRekord1)
        };
        recipe.make().verify().unwrap();
    }
    let mut early = Recipe {
        media_type: V0_1,
        ..Recipe::rekor1(Kind::HashedRekord1)
    }
    .make();
    early.entry().inclusion_proof = None;
    early.verify().unwrap();
}

#[test]
fn accepts_every_kind_of_identity() {
    let table = [
        SubjectAlternativeName::Uri("https://example.com/workflow".to_owned()),
        SubjectAlternativeName::OtherName("alice!example.com".to_owned()),
    ];
    for san in table {
        let mut case = Recipe {
            san: san.clone(),
            ..Recipe::default()
        }
        .make();
        case.policy = Policy::identity(san.value(), ISSUER);
        case.verify().unwrap();
    }
}

#[test]
fn accepts_a_known_key_with_and_without_a_time() {
    let case = Recipe::known_key().make();
    let accepted = case.verify().unwrap();
    assert!(matches!(accepted.signer, Signer::Key(_)));
    let accepted = Recipe {
        stamps: Vec::new(),
        ..Recipe::known_key()
    }
    .make()
    .verify()
    .unwrap();
    assert_eq!(accepted.time(), None);
}

#[test]
fn accepts_a_digest_in_place_of_the_artifact() {
    for recipe in [
        Recipe::default(),
        Recipe::envelope(),
        Recipe::rekor1(Kind::HashedRekord1),
    ] {
        let case = recipe.make();
        let digest = HashAlgorithm::Sha256.digest(ARTIFACT);
        let digests = Digests::known(HashAlgorithm::Sha256, digest).unwrap();
        let artifact = Artifact::Digests(&digests);
        let bundle = Bundle::parse(&case.bundle.encode()).unwrap();
        Verifier::new(case.root)
            .verify(&bundle, artifact, &case.policy)
            .unwrap();
    }
}

#[test]
fn the_ends_of_every_validity_belong_to_it() {
    for seconds in [0, 600] {
        Recipe {
            stamps: vec![seconds],
            ..Recipe::default()
        }
        .make()
        .verify()
        .unwrap();
        let promised = Recipe {
            integrated: seconds,
            ..Recipe::rekor1(Kind::HashedRekord1)
        };
        promised.make().verify().unwrap();
    }
    let at = now() + Duration::seconds(5);
    let mut case = Recipe::default().make();
    let moment = TimeRange {
        start: Some(at),
        end: Some(at),
    };
    case.root.timestamp_authorities[0].valid_for = moment;
    case.root.certificate_authorities[0].valid_for = moment;
    case.root
        .tlogs
        .iter_mut()
        .for_each(|log| log.public_key.valid_for = moment);
    case.verify().unwrap();
}

#[test]
fn a_promise_and_timestamps_are_both_told() {
    let recipe = Recipe {
        stamps: vec![2, 9],
        integrated: 4,
        ..Recipe::rekor1(Kind::HashedRekord1)
    };
    let accepted = recipe.make().verify().unwrap();
    let seconds = |time: OffsetDateTime| (time - now()).whole_seconds();
    let times: Vec<_> = accepted
        .times
        .iter()
        .map(|each| seconds(each.time))
        .collect();
    assert_eq!(times, [2, 9, 4]);
    assert_eq!(accepted.time().map(seconds), Some(2));
}

#[test]
fn strangers_beside_the_known_do_no_harm() {
    // Authorities whose chains are empty, beside those that count.
    let mut case = Recipe::default().make();
    let decoy = case.root.certificate_authorities[0].clone();
    case.root.certificate_authorities.insert(0, decoy);
    case.root.certificate_authorities[0]
        .cert_chain
        .certificates
        .clear();
    let mut empty = case.root.timestamp_authorities[0].clone();
    empty.cert_chain.certificates.clear();
    case.root.timestamp_authorities.push(empty);
    case.verify().unwrap();
}

#[test]
fn a_port_in_the_url_of_a_log_is_not_its_name() {
    let mut case = Recipe::default().make();
    case.root
        .tlogs
        .iter_mut()
        .for_each(|log| log.base_url.push_str(":8443/path"));
    case.verify().unwrap();
}

#[test]
fn numbers_may_be_numbers_and_unset_members_null() {
    let case = Recipe::default().make();
    let text = String::from_utf8(case.bundle.encode()).unwrap();
    let text = text
        .replace("\"logIndex\":\"3\"", "\"logIndex\":3")
        .replace(
            "\"integratedTime\":\"0\"",
            "\"integratedTime\":null,\"inclusionPromise\":null",
        );
    let bundle = Bundle::parse(text.as_bytes()).unwrap();
    let artifact = Artifact::Bytes(ARTIFACT);
    Verifier::new(case.root)
        .verify(&bundle, artifact, &case.policy)
        .unwrap();
}

#[test]
fn a_promise_of_an_unknown_certificate_log_beside_a_known_one_is_passed_over() {
    let known = key();
    let recipe = Recipe {
        sct_logs: Some(vec![key(), known.clone()]),
        ..Recipe::default()
    };
    let mut case = recipe.make();
    let public = known.public_key();
    case.root.ctlogs[0].public_key.raw_bytes = public.spki_der().into();
    case.root.ctlogs[0].log_id.key_id = public.log_id().as_bytes().as_slice().into();
    case.verify().unwrap();
}
