//! What the profiles of authorities, of timestamps and of TLS lay out.

use sigstead_key::Algorithm;
use sigstead_x509::{
    CaKind, CaProfile, Error, ExtendedKeyUsage, KeyUsage, TimestampingProfile, TlsProfile, TlsRole,
    oid,
};

use crate::world::{Authority, name, serial, sign, years};

#[test]
fn authorities_follow_the_contract() {
    let root = Authority::root(Algorithm::EcdsaP384Sha384);
    let certificate = &root.certificate;
    certificate.verify_signed_by(certificate).unwrap();
    assert!(certificate.is_ca());
    assert_eq!(certificate.path_length(), None);
    assert_eq!(certificate.extended_key_usages(), None);
    assert_eq!(
        certificate.extension(&oid::KEY_USAGE).unwrap(),
        [3, 2, 1, 6]
    );
    assert_eq!(certificate.subject_name(), name("root"));
    for (kind, usage) in [
        (CaKind::CodeSigning, ExtendedKeyUsage::CodeSigning),
        (CaKind::TimeStamping, ExtendedKeyUsage::TimeStamping),
    ] {
        let intermediate = root
            .intermediate(Algorithm::EcdsaP256Sha256, kind)
            .certificate;
        intermediate.verify_signed_by(certificate).unwrap();
        assert_eq!(intermediate.path_length(), Some(0));
        assert!(intermediate.is_for(usage));
        assert!(
            intermediate
                .key_usage()
                .unwrap()
                .contains(KeyUsage::KEY_CERT_SIGN)
        );
        assert_eq!(
            intermediate.authority_key_id(),
            certificate.subject_key_id()
        );
    }
}

#[test]
fn an_intermediate_issues_no_authorities() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let ca = root.intermediate(Algorithm::EcdsaP256Sha256, CaKind::CodeSigning);
    let profile = |kind| CaProfile {
        subject: name("another"),
        public_key: ca.certificate.public_key().clone(),
        validity: years(1),
        kind,
        serial: serial(4),
    };
    let refused = profile(CaKind::CodeSigning).issued_by(&ca.certificate);
    assert!(matches!(refused.map(drop), Err(Error::PathLength)));
    assert!(profile(CaKind::Root).issued_by(&root.certificate).is_err());
    assert!(profile(CaKind::CodeSigning).self_signed().is_err());
}

#[test]
fn a_root_that_another_certifies_issues_for_both() {
    let before = Authority::root_for(Algorithm::EcdsaP256Sha256, "before", years(10));
    let next = Authority::root_for(Algorithm::EcdsaP256Sha256, "next", years(10));
    let profile = |kind| CaProfile {
        subject: next.certificate.subject_name(),
        public_key: next.certificate.public_key().clone(),
        validity: years(5),
        kind,
        serial: serial(9),
    };
    let unsigned = profile(CaKind::Root).certified_by(&before.certificate);
    let certified = sign(unsigned.unwrap(), before.signer.as_ref());
    certified.verify_signed_by(&before.certificate).unwrap();
    assert!(certified.is_ca());
    assert_eq!(certified.path_length(), None);
    let leaf = next.intermediate(Algorithm::EcdsaP256Sha256, CaKind::CodeSigning);
    leaf.certificate.verify_signed_by(&certified).unwrap();
    leaf.certificate
        .verify_signed_by(&next.certificate)
        .unwrap();
    let refused = profile(CaKind::CodeSigning).certified_by(&before.certificate);
    assert!(refused.is_err());
    let below = profile(CaKind::Root).certified_by(&leaf.certificate);
    assert!(matches!(below.map(drop), Err(Error::PathLength)));
}

#[test]
fn a_timestamping_certificate_is_for_nothing_else() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let profile = TimestampingProfile {
        subject: name("time"),
        public_key: root.certificate.public_key().clone(),
        validity: years(5),
        serial: serial(5),
    };
    let unsigned = profile.issued_by(&root.certificate).unwrap();
    let leaf = sign(unsigned, root.signer.as_ref());
    let usage = leaf
        .extensions()
        .iter()
        .find(|each| each.oid == oid::EXTENDED_KEY_USAGE)
        .unwrap();
    assert!(usage.critical);
    assert_eq!(leaf.extended_key_usages().unwrap(), [oid::TIME_STAMPING]);
    assert!(!leaf.is_ca());
    assert!(leaf.subject_key_id().is_some() && leaf.authority_key_id().is_some());
}

#[test]
fn a_tls_server_has_a_name_or_an_address() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let attempt = |dns_names: &[&str], ip_addresses: &[&str], role| {
        let profile = TlsProfile {
            subject: name("tls"),
            public_key: root.certificate.public_key().clone(),
            dns_names: dns_names.iter().map(|&name| name.to_owned()).collect(),
            ip_addresses: ip_addresses
                .iter()
                .map(|text| text.parse().unwrap())
                .collect(),
            uris: Vec::new(),
            role,
            validity: years(1),
            serial: serial(6),
        };
        profile
            .issued_by(&root.certificate)
            .map(|unsigned| sign(unsigned, root.signer.as_ref()))
    };
    let server = attempt(&["localhost"], &["127.0.0.1", "::1"], TlsRole::Server).unwrap();
    assert!(server.is_for(ExtendedKeyUsage::ServerAuthentication));
    let names = server.extension(&oid::SUBJECT_ALTERNATIVE_NAME).unwrap();
    assert!(
        names
            .windows(11)
            .any(|window| window == b"\x82\x09localhost")
    );
    assert!(
        names
            .windows(6)
            .any(|window| window == [0x87, 4, 127, 0, 0, 1])
    );
    assert!(attempt(&[], &[], TlsRole::Server).is_err());
    let client = attempt(&[], &[], TlsRole::Client).unwrap();
    assert!(client.is_for(ExtendedKeyUsage::ClientAuthentication));
}
