//! Extensions taken out of bytes that stay as they are, and parsers of outside bytes.

use proptest::prelude::*;
use sigstead_key::Algorithm;
use sigstead_x509::{Certificate, CertificateRequest, Error, oid, strip_extension};

use crate::world::Authority;

#[test]
fn refuses_a_certificate_without_the_extension_or_with_two() {
    let leaf = Authority::root(Algorithm::EcdsaP256Sha256).leaf();
    let refused = strip_extension(leaf.tbs_der(), &oid::POISON);
    assert!(matches!(refused, Err(Error::ExtensionMissing(oid::POISON))));
    let poison = [
        0x30, 0x13, 6, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3, 1, 1, 0xff, 4, 2, 5, 0,
    ];
    let tbs = |extensions: &[u8]| {
        let length = u8::try_from(extensions.len()).unwrap();
        let mut tbs = vec![0x30, length + 7, 2, 1, 1, 0xa3, length + 2, 0x30, length];
        tbs.extend_from_slice(extensions);
        tbs
    };
    let twice = tbs(&[poison, poison].concat());
    let refused = strip_extension(&twice, &oid::POISON);
    assert!(matches!(
        refused,
        Err(Error::DuplicateExtension(oid::POISON))
    ));
    let once = tbs(&poison);
    assert_eq!(
        strip_extension(&once, &oid::POISON).unwrap(),
        [0x30, 3, 2, 1, 1]
    );
}

#[test]
fn keeps_spellings_that_nobody_would_write() {
    // The basic constraints spell out a FALSE that DER leaves out; it must stay.
    let odd = [0x30, 12, 6, 3, 0x55, 0x1d, 0x13, 1, 1, 0, 4, 2, 0x30, 0];
    let poison = [
        0x30, 0x13, 6, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3, 1, 1, 0xff, 4, 2, 5, 0,
    ];
    let tbs = [&[0x30, 39, 0xa3, 37, 0x30, 35][..], &poison, &odd].concat();
    let expected = [&[0x30, 18, 0xa3, 16, 0x30, 14][..], &odd].concat();
    assert_eq!(strip_extension(&tbs, &oid::POISON).unwrap(), expected);
}

#[test]
fn refuses_a_certificate_whose_names_are_no_names() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256).certificate;
    let name = root.subject_der();
    let places: Vec<_> = (0..root.to_der().len())
        .filter(|start| root.to_der()[*start..].starts_with(name))
        .collect();
    assert_eq!(places.len(), 2);
    for place in places {
        // A name under the tag of the extensions was taken for them when one was to be stripped.
        for tag in [0x31, 0xa3, 0x04] {
            let mut der = root.to_der().to_vec();
            der[place] = tag;
            let refused = Certificate::from_der(&der);
            assert!(matches!(refused, Err(Error::Malformed(_))), "{refused:?}");
        }
    }
}

#[test]
fn refuses_a_certificate_that_was_changed_anywhere() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let leaf = root.leaf();
    for position in 0..leaf.to_der().len() {
        let mut der = leaf.to_der().to_vec();
        der[position] ^= 1;
        let changed = Certificate::from_der(&der);
        let verified = changed.and_then(|changed| changed.verify_signed_by(&root.certificate));
        assert!(verified.is_err(), "octet {position}");
    }
}

#[test]
fn refuses_trailing_and_missing_bytes() {
    let leaf = Authority::root(Algorithm::EcdsaP256Sha256).leaf();
    let der = leaf.to_der();
    assert!(Certificate::from_der(&[der, &[0]].concat()).is_err());
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err(), "{length}");
    }
    assert_eq!(Certificate::from_der(der).unwrap(), leaf);
}

#[test]
fn pem_reads_back_and_a_chain_is_certificates_only() {
    let root = Authority::root(Algorithm::EcdsaP256Sha256);
    let (leaf, ca) = (root.leaf(), &root.certificate);
    assert_eq!(Certificate::from_pem(&leaf.to_pem()).unwrap(), leaf);
    let chain = format!("leaf\n{}root\n{}", leaf.to_pem(), ca.to_pem());
    let read = Certificate::chain_from_pem(&chain).unwrap();
    assert_eq!(read, [leaf, ca.clone()]);
    let key = ca.public_key().to_pem();
    assert!(Certificate::chain_from_pem(&format!("{chain}{key}")).is_err());
    assert!(Certificate::from_pem(&key).is_err());
    assert!(Certificate::chain_from_pem("").is_err());
}

proptest! {
    #[test]
    fn nothing_that_is_read_panics(bytes: Vec<u8>) {
        let _ = Certificate::from_der(&bytes);
        let _ = CertificateRequest::from_pem_or_der(&bytes);
        let _ = strip_extension(&bytes, &oid::POISON);
    }

    #[test]
    fn no_change_of_a_certificate_panics(position: prop::sample::Index, byte: u8) {
        let leaf = fixed();
        let mut der = leaf.to_der().to_vec();
        let position = position.index(der.len());
        der[position] = byte;
        if let Ok(changed) = Certificate::from_der(&der) {
            let _ = (changed.fulcio(), changed.identities(), changed.subject_name());
            let _ = strip_extension(changed.tbs_der(), &oid::SCT_LIST);
        }
    }
}

fn fixed() -> &'static Certificate {
    static LEAF: std::sync::OnceLock<Certificate> = std::sync::OnceLock::new();
    LEAF.get_or_init(|| Authority::root(Algorithm::EcdsaP256Sha256).leaf())
}
