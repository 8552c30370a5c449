//! Paths to a trusted certificate, and what is none.

use sigstead_key::Algorithm;
use sigstead_x509::{
    CaKind, Certificate, Error, ExtendedKeyUsage, TimestampingProfile, Validity, verify_chain,
};
use time::{Duration, OffsetDateTime};

use crate::world::{Authority, email, issuer, name, now, serial, sign, years};

const USAGE: ExtendedKeyUsage = ExtendedKeyUsage::CodeSigning;
const P256: Algorithm = Algorithm::EcdsaP256Sha256;

struct World {
    root: Authority,
    ca: Authority,
    leaf: Certificate,
}

impl World {
    fn new() -> Self {
        let root = Authority::root(Algorithm::EcdsaP384Sha384);
        let ca = root.intermediate(P256, CaKind::CodeSigning);
        let leaf = ca.leaf();
        Self { root, ca, leaf }
    }

    fn verify(&self, at: OffsetDateTime, usage: ExtendedKeyUsage) -> Result<usize, Error> {
        let (ca, root) = (self.ca.certificate.clone(), self.root.certificate.clone());
        verify_chain(&self.leaf, &[ca], &[root], at, usage).map(|path| path.len())
    }
}

#[test]
fn finds_the_path_from_leaf_to_root() {
    let world = World::new();
    let others = [
        Authority::root(P256).certificate,
        Authority::root(P256).certificate,
    ];
    let intermediates = [&others[..], std::slice::from_ref(&world.ca.certificate)].concat();
    let roots = [&others[..], std::slice::from_ref(&world.root.certificate)].concat();
    let path = verify_chain(&world.leaf, &intermediates, &roots, now(), USAGE).unwrap();
    let expected = [
        world.leaf.clone(),
        world.ca.certificate.clone(),
        world.root.certificate.clone(),
    ];
    assert_eq!(path, expected);
    let anchored = [world.ca.certificate.clone()];
    assert_eq!(
        verify_chain(&world.leaf, &[], &anchored, now(), USAGE)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn the_ends_of_the_validity_belong_to_it() {
    let world = World::new();
    for (at, is_covered) in [
        (now() - Duration::SECOND, false),
        (now(), true),
        (now() + Duration::minutes(10), true),
        (
            now() + Duration::minutes(10) + Duration::milliseconds(999),
            true,
        ),
        (now() + Duration::minutes(10) + Duration::SECOND, false),
    ] {
        let found = world.verify(at, USAGE);
        assert_eq!(found.is_ok(), is_covered, "{at}");
        assert!(is_covered || matches!(found, Err(Error::NotValidAt { .. })));
    }
}

#[test]
fn refuses_what_is_no_path() {
    let world = World::new();
    let stranger = Authority::root(P256);
    let (ca, root) = (&world.ca.certificate, &world.root.certificate);
    let attempt = |leaf: &Certificate, intermediates: &[&Certificate], roots: &[&Certificate]| {
        let own = |list: &[&Certificate]| list.iter().map(|&each| each.clone()).collect::<Vec<_>>();
        verify_chain(leaf, &own(intermediates), &own(roots), now(), USAGE)
    };
    let impostor = Authority::root(P256).intermediate(P256, CaKind::CodeSigning);
    let table = [
        ("no root", attempt(&world.leaf, &[ca], &[])),
        ("no intermediate", attempt(&world.leaf, &[], &[root])),
        (
            "another root",
            attempt(&world.leaf, &[ca], &[&stranger.certificate]),
        ),
        (
            "an intermediate of the same name",
            attempt(&world.leaf, &[&impostor.certificate], &[root]),
        ),
        ("the root for a leaf", attempt(root, &[ca], &[root])),
        ("an intermediate for a leaf", attempt(ca, &[], &[root])),
        (
            "itself for a root",
            attempt(&world.leaf, &[ca], &[&world.leaf]),
        ),
    ];
    for (case, found) in table {
        assert!(found.is_err(), "{case}");
    }
    let found = world.verify(now(), ExtendedKeyUsage::TimeStamping);
    assert!(matches!(found, Err(Error::Usage(_))));
}

#[test]
fn an_authority_for_timestamps_issues_no_signing_certificates() {
    let root = Authority::root(P256);
    let tsa = root.intermediate(P256, CaKind::TimeStamping);
    let profile = TimestampingProfile {
        subject: name("time"),
        public_key: tsa.certificate.public_key().clone(),
        validity: years(1),
        serial: serial(7),
    };
    let leaf = sign(
        profile.issued_by(&tsa.certificate).unwrap(),
        tsa.signer.as_ref(),
    );
    let attempt = |usage| {
        let (tsa, root) = ([tsa.certificate.clone()], [root.certificate.clone()]);
        verify_chain(&leaf, &tsa, &root, now(), usage)
    };
    assert!(attempt(ExtendedKeyUsage::TimeStamping).is_ok());
    assert!(matches!(attempt(USAGE), Err(Error::Usage(_))));

    let ca = root.intermediate(P256, CaKind::CodeSigning);
    let leaf = ca.leaf();
    let wrong = [tsa.certificate.clone()];
    assert!(
        verify_chain(
            &leaf,
            &wrong,
            std::slice::from_ref(&root.certificate),
            now(),
            USAGE
        )
        .is_err()
    );
}

#[test]
fn refuses_an_expired_authority() {
    let past = Validity {
        not_before: now() - Duration::days(900),
        not_after: now() - Duration::DAY,
    };
    let future = Validity {
        not_before: now() + Duration::DAY,
        not_after: now() + Duration::WEEK,
    };
    for validity in [past, future] {
        let root = Authority::root_for(P256, "root", validity);
        // The same key and name, certified for a time that the leaf fits into.
        let twin = Authority {
            certificate: live(&root),
            signer: root.signer.clone(),
        };
        let leaf = twin.leaf();
        assert!(verify_chain(&leaf, &[], &[twin.certificate], now(), USAGE).is_ok());
        let found = verify_chain(&leaf, &[], &[root.certificate], now(), USAGE);
        assert!(matches!(found, Err(Error::NotValidAt { .. })), "{found:?}");
    }
}

fn live(root: &Authority) -> Certificate {
    let profile = sigstead_x509::CaProfile {
        subject: name("root"),
        public_key: root.signer.public_key().clone(),
        validity: years(1),
        kind: CaKind::Root,
        serial: serial(8),
    };
    sign(profile.self_signed().unwrap(), root.signer.as_ref())
}

#[test]
fn a_precertificate_is_no_certificate() {
    let ca = Authority::root(P256);
    let to_sign = ca.tbs(email(), issuer()).to_sign_precertificate().unwrap();
    let signature = futures::executor::block_on(ca.signer.sign(to_sign.bytes_to_sign())).unwrap();
    let precertificate = to_sign.sign_with(signature).unwrap();
    let leaf = Certificate::from_der(precertificate.to_der()).unwrap();
    let found = verify_chain(&leaf, &[], &[ca.certificate], now(), USAGE);
    assert!(matches!(
        found,
        Err(Error::CriticalExtension(sigstead_x509::oid::POISON))
    ));
}

#[test]
fn a_heap_of_certificates_costs_no_more_than_a_few_signatures() {
    let loops = Authority::root(P256);
    // All of one name and key, so that each could have issued each.
    let heap: Vec<_> = (1..60)
        .map(|seed| {
            let profile = sigstead_x509::CaProfile {
                subject: name("root"),
                public_key: loops.signer.public_key().clone(),
                validity: years(1),
                kind: CaKind::Root,
                serial: serial(seed),
            };
            sign(profile.self_signed().unwrap(), loops.signer.as_ref())
        })
        .collect();
    let trusted = [Authority::root(P256).certificate];
    let found = verify_chain(&loops.leaf(), &heap, &trusted, now(), USAGE);
    assert!(matches!(found, Err(Error::NoPath)), "{found:?}");
}
