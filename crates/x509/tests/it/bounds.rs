//! How much of a certificate is read, whatever its sender puts into it.

use sigstead_key::Algorithm;
use sigstead_x509::{Certificate, Error};

use crate::raw::{Raw, tlv};
use crate::world::Authority;

fn authority() -> Authority {
    Authority::root(Algorithm::EcdsaP256Sha256)
}

fn with_extensions(authority: &Authority, count: u16) -> Result<Certificate, Error> {
    (0..count)
        .fold(Raw::issued_by(authority), |raw, number| {
            let [high, low] = number.to_be_bytes();
            let arcs = [0x2b, 0x83, 0x80 | (high << 1) | (low >> 7), low & 0x7f];
            raw.extension(&arcs, false, &[])
        })
        .read()
}

#[test]
fn refuses_more_extensions_than_certificates_have() {
    let authority = authority();
    for (count, is_read) in [(1, true), (64, true), (65, false), (5_000, false)] {
        let found = with_extensions(&authority, count);
        match found {
            Ok(certificate) => assert_eq!(certificate.extensions().len(), usize::from(count)),
            Err(Error::TooMany { most: 64, .. }) => assert!(!is_read, "{count}"),
            Err(other) => panic!("{count}: {other:?}"),
        }
        assert_eq!(
            with_extensions(&authority, count).is_ok(),
            is_read,
            "{count}"
        );
    }
}

#[test]
fn refuses_a_certificate_that_is_larger_than_certificates_are() {
    let authority = authority();
    let note = [0x2b, 0x07];
    let attempt = |length: usize| {
        let value = vec![0; length];
        Raw::issued_by(&authority)
            .extension(&note, false, &value)
            .read()
    };
    assert!(attempt(60_000).is_ok());
    let found = attempt(65_536);
    assert!(
        matches!(found, Err(Error::TooMany { most: 65_536, .. })),
        "{found:?}"
    );
}

#[test]
fn refuses_an_extension_that_stands_twice() {
    let authority = authority();
    let found = Raw::issued_by(&authority)
        .extension(&[0x2b, 0x07], false, &[])
        .extension(&[0x2b, 0x08], false, &[])
        .extension(&[0x2b, 0x07], true, &[1])
        .read();
    assert!(
        matches!(found, Err(Error::DuplicateExtension(_))),
        "{found:?}"
    );
}

#[test]
fn refuses_more_alternative_names_than_certificates_have() {
    let authority = authority();
    let attempt = |count: usize| {
        let names = tlv(0x82, b"a.example").repeat(count);
        Raw::issued_by(&authority)
            .extension(&[0x55, 0x1d, 0x11], false, &tlv(0x30, &names))
            .read()
            .unwrap()
            .hosts()
    };
    assert_eq!(attempt(256).unwrap().len(), 256);
    assert!(matches!(
        attempt(257),
        Err(Error::TooMany { most: 256, .. })
    ));
}

#[test]
fn a_name_of_more_attributes_than_names_have_says_nothing() {
    let authority = authority();
    let attempt = |count: usize| {
        let attribute = [tlv(0x06, &[0x55, 4, 10]), tlv(0x0c, b"example")].concat();
        let relative = tlv(0x31, &tlv(0x30, &attribute));
        Raw::issued_by(&authority)
            .subject(tlv(0x30, &relative.repeat(count)))
            .read()
            .unwrap()
            .subject_name()
            .organization
    };
    assert_eq!(attempt(64), "example");
    assert_eq!(attempt(65), "");
}
