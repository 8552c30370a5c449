//! What the profiles lay out, byte for byte.

use futures::executor::block_on;
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePublicKey as _;
use sigstead_key::Algorithm;
use sigstead_x509::{
    CaKind, Certificate, Error, FulcioExtensions, LeafProfile, ObjectIdentifier, OwnExtension,
    SubjectAlternativeName, Validity, oid,
};
use time::{Duration, OffsetDateTime};

use crate::world::{Authority, email, issuer, minutes, now, serial, sign};

const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EcdsaP521Sha512,
    Algorithm::Ed25519,
    Algorithm::RsaPkcs1v15_2048Sha256,
];

fn all_claims() -> FulcioExtensions {
    let text = |arc: u32| Some(format!("claim {arc} \u{e9}"));
    FulcioExtensions {
        issuer: "https://issuer.example.com".to_owned(),
        github_workflow_trigger: text(2),
        github_workflow_sha: text(3),
        github_workflow_name: text(4),
        github_workflow_repository: text(5),
        github_workflow_ref: text(6),
        build_signer_uri: text(9),
        build_signer_digest: text(10),
        runner_environment: text(11),
        source_repository_uri: text(12),
        source_repository_digest: text(13),
        source_repository_ref: text(14),
        source_repository_identifier: text(15),
        source_repository_owner_uri: text(16),
        source_repository_owner_identifier: text(17),
        build_config_uri: text(18),
        build_config_digest: text(19),
        build_trigger: text(20),
        run_invocation_uri: text(21),
        source_repository_visibility_at_signing: text(22),
        deployment_environment: text(23),
        subject: "claim 24".to_owned(),
        own: Vec::new(),
    }
}

/// The extensions' last arcs, in the order of the certificate.
fn order(certificate: &Certificate) -> Vec<String> {
    certificate
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_string())
        .collect()
}

#[test]
fn lays_a_signing_certificate_out_in_the_order_of_the_contract() {
    let root = Authority::root(Algorithm::EcdsaP384Sha384);
    let ca = root.intermediate(Algorithm::EcdsaP256Sha256, CaKind::CodeSigning);
    let leaf = sign(
        ca.tbs(email(), all_claims()).to_sign_unlogged().unwrap(),
        ca.signer.as_ref(),
    );
    let mut expected: Vec<String> = [
        "2.5.29.15",
        "2.5.29.37",
        "2.5.29.14",
        "2.5.29.35",
        "2.5.29.17",
    ]
    .map(String::from)
    .into();
    let arcs = (1..=6)
        .chain(8..=24)
        .map(|arc| format!("1.3.6.1.4.1.57264.1.{arc}"));
    expected.extend(arcs);
    assert_eq!(order(&leaf), expected);
    let critical: Vec<_> = leaf
        .extensions()
        .iter()
        .filter(|each| each.critical)
        .collect();
    let critical: Vec<_> = critical.iter().map(|each| each.oid).collect();
    assert_eq!(critical, [oid::KEY_USAGE, oid::SUBJECT_ALTERNATIVE_NAME]);
    assert_eq!(leaf.fulcio().unwrap(), all_claims());
    assert_eq!(leaf.extension(&oid::KEY_USAGE).unwrap(), [3, 2, 7, 0x80]);
    assert_eq!(
        leaf.extension(&oid::EXTENDED_KEY_USAGE).unwrap(),
        [0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 3]
    );
    assert_eq!(leaf.subject_der(), [0x30, 0]);
    assert_eq!(leaf.issuer_der(), ca.certificate.subject_der());
    assert_eq!(leaf.authority_key_id(), ca.certificate.subject_key_id());
    assert_eq!(leaf.subject_key_id().unwrap().len(), 20);
    assert!(!leaf.is_ca());
}

/// Behind those of Fulcio, in the order that the caller gives, and never critical.
#[test]
fn writes_extensions_of_the_operator_as_text() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let oids = ["1.3.6.1.4.1.99999.1.2", "1.3.6.1.4.1.99999.1.10"];
    let own = oids.map(|oid| OwnExtension {
        oid: ObjectIdentifier::new(oid).unwrap(),
        value: "t\u{e9}am".to_owned(),
    });
    let claims = FulcioExtensions {
        own: own.to_vec(),
        ..all_claims()
    };
    let leaf = sign(
        root.tbs(email(), claims.clone())
            .to_sign_unlogged()
            .unwrap(),
        root.signer.as_ref(),
    );
    let order = order(&leaf);
    assert_eq!(order[order.len() - 3], "1.3.6.1.4.1.57264.1.24");
    assert_eq!(order[order.len() - 2..], oids);
    for extension in &own {
        let written = leaf.extension(&extension.oid).unwrap();
        assert_eq!(written, [&[0x0c, 5][..], "t\u{e9}am".as_bytes()].concat());
        let mut critical = leaf.extensions().iter().filter(|each| each.critical);
        assert!(!critical.any(|each| each.oid == extension.oid));
    }
    assert_eq!(leaf.fulcio().unwrap(), all_claims());
    assert_eq!(
        claims.named().last().unwrap(),
        &(oids[1].to_owned(), "t\u{e9}am")
    );
}

#[test]
fn writes_the_issuer_raw_in_the_first_arc_and_as_der_in_the_eighth() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let leaf = root.leaf();
    let issuer = b"https://issuer.example.com";
    let raw = oid::FULCIO.push_arc(1).unwrap();
    assert_eq!(leaf.extension(&raw).unwrap(), issuer);
    let der = [&[0x0c, 26][..], issuer].concat();
    let wrapped = oid::FULCIO.push_arc(8).unwrap();
    assert_eq!(leaf.extension(&wrapped).unwrap(), der);
    assert!(leaf.extension(&oid::FULCIO.push_arc(9).unwrap()).is_none());
}

#[test]
fn writes_each_kind_of_identity() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let table = [
        (
            email(),
            [&[0x30, 19, 0x81, 17][..], b"alice@example.com"].concat(),
        ),
        (
            SubjectAlternativeName::Uri("https://a.example".to_owned()),
            [&[0x30, 19, 0x86, 17][..], b"https://a.example"].concat(),
        ),
        (
            SubjectAlternativeName::OtherName("alice!example.com".to_owned()),
            [
                &[
                    0x30, 35, 0xa0, 33, 6, 10, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 7,
                ][..],
                &[0xa0, 19, 0x0c, 17],
                b"alice!example.com",
            ]
            .concat(),
        ),
    ];
    for (san, expected) in table {
        let unsigned = root.tbs(san.clone(), issuer()).to_sign_unlogged().unwrap();
        let leaf = sign(unsigned, root.signer.as_ref());
        assert_eq!(
            leaf.extension(&oid::SUBJECT_ALTERNATIVE_NAME).unwrap(),
            expected,
            "{san:?}"
        );
        assert_eq!(leaf.identities().unwrap(), [san]);
    }
}

#[test]
fn the_certificate_differs_from_its_precertificate_in_the_last_extension_only() {
    for algorithm in ALGORITHMS {
        let ca = Authority::root(algorithm);
        let to_sign = ca
            .tbs(email(), all_claims())
            .to_sign_precertificate()
            .unwrap();
        let signature = block_on(ca.signer.sign(to_sign.bytes_to_sign())).unwrap();
        let precertificate = to_sign.sign_with(signature).unwrap();
        let tbs = precertificate.tbs_without_poison().unwrap();
        let poisoned = Certificate::from_der(precertificate.to_der()).unwrap();
        poisoned.verify_signed_by(&ca.certificate).unwrap();
        let last = poisoned.extensions().last().unwrap().clone();
        assert_eq!((last.oid, last.critical), (oid::POISON, true));
        assert_eq!(last.value, [5, 0]);

        let list = [0, 3, 0, 1, 9];
        let leaf = sign(precertificate.with_scts(&list).unwrap(), ca.signer.as_ref());
        leaf.verify_signed_by(&ca.certificate).unwrap();
        let last = leaf.extensions().last().unwrap().clone();
        assert_eq!((last.oid, last.critical), (oid::SCT_LIST, false));
        assert_eq!(leaf.sct_list().unwrap(), list);
        assert_eq!(leaf.serial(), poisoned.serial());
        let spliced = sigstead_x509::strip_extension(leaf.tbs_der(), &oid::SCT_LIST).unwrap();
        assert_eq!(spliced, tbs, "{algorithm:?}");
    }
}

#[test]
fn the_signature_verifies_in_a_second_implementation() {
    let ca = Authority::root(Algorithm::EcdsaP256Sha256);
    let leaf = ca.leaf();
    let pem = ca.certificate.public_key().to_pem();
    let key = p256::ecdsa::VerifyingKey::from_public_key_pem(&pem).unwrap();
    // The last BIT STRING of the certificate: everything from its DER signature on.
    let der = leaf.to_der();
    let start = (0..der.len())
        .rev()
        .find_map(|start| p256::ecdsa::DerSignature::from_bytes(&der[start..]).ok())
        .unwrap();
    key.verify(leaf.tbs_der(), &start).unwrap();
}

#[test]
fn refuses_what_does_not_fit_the_profile() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let tsa = root.intermediate(Algorithm::EcdsaP256Sha256, CaKind::TimeStamping);
    let leaf = root.leaf();
    let attempt = |issuer, san, extensions, validity| {
        let profile = LeafProfile {
            issuer,
            public_key: leaf.public_key().clone(),
            san,
            extensions,
            validity,
            serial: serial(9),
        };
        profile
            .tbs_certificate()
            .and_then(|tbs| tbs.to_sign_unlogged())
            .map(drop)
    };
    let at = |from: i64, to: i64| Validity {
        not_before: now() + Duration::minutes(from),
        not_after: now() + Duration::minutes(to),
    };
    let ca = &root.certificate;
    assert!(attempt(ca, email(), issuer(), at(0, 10)).is_ok());
    let email_of = |text: &str| SubjectAlternativeName::Email(text.to_owned());
    let table = [
        (
            "not an authority",
            attempt(&leaf, email(), issuer(), at(0, 10)),
        ),
        (
            "an authority for timestamps",
            attempt(&tsa.certificate, email(), issuer(), at(0, 10)),
        ),
        (
            "an empty identity",
            attempt(ca, email_of(""), issuer(), at(0, 10)),
        ),
        (
            "an identity beyond ascii",
            attempt(ca, email_of("\u{e9}@a"), issuer(), at(0, 10)),
        ),
        (
            "no issuer",
            attempt(ca, email(), FulcioExtensions::default(), at(0, 10)),
        ),
        (
            "ends before it begins",
            attempt(ca, email(), issuer(), at(10, 0)),
        ),
        (
            "before its issuer",
            attempt(ca, email(), issuer(), at(-3000, 10)),
        ),
        (
            "after its issuer",
            attempt(ca, email(), issuer(), at(0, 60 * 24 * 365 * 11)),
        ),
    ];
    for (case, refused) in table {
        assert!(refused.is_err(), "{case}");
    }
}

#[test]
fn refuses_a_signature_of_another_key() {
    let ca = Authority::root(Algorithm::EcdsaP256Sha256);
    let other = Authority::root(Algorithm::EcdsaP256Sha256);
    let to_sign = ca.tbs(email(), issuer()).to_sign_precertificate().unwrap();
    let signature = block_on(other.signer.sign(to_sign.bytes_to_sign())).unwrap();
    assert!(matches!(
        to_sign.sign_with(signature),
        Err(Error::SignatureInvalid(_))
    ));
}

#[test]
fn times_are_whole_seconds_in_the_form_of_their_century() {
    let root = Authority::root_for(
        Algorithm::EcdsaP256Sha256,
        "long",
        Validity {
            not_before: now() + Duration::milliseconds(999),
            not_after: OffsetDateTime::from_unix_timestamp(2_600_000_000).unwrap(),
        },
    );
    assert_eq!(root.certificate.not_before(), now());
    assert_eq!(root.certificate.not_after().unix_timestamp(), 2_600_000_000);
    let tbs = root.certificate.tbs_der();
    assert!(
        tbs.windows(15)
            .any(|window| window == b"\x17\x0d231114221320Z")
    );
    assert!(
        tbs.windows(17)
            .any(|window| window == b"\x18\x0f20520522141320Z")
    );
    let validity = minutes(10);
    assert!(validity.covers(now()) && validity.covers(now() + Duration::minutes(10)));
    assert!(!validity.covers(now() - Duration::SECOND));
    assert!(!validity.covers(now() + Duration::minutes(10) + Duration::SECOND));
}
