//! A certificate of the public instance, and the promise of its log (`testdata/README.md`).

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use sigstead_ct::{
    Error, SignedCertificateTimestamp, SignedEntry, embedded_in, encode_list, parse_list,
};
use sigstead_key::PublicKey;
use sigstead_x509::Certificate;

const LEAF: &str = include_str!("../testdata/public-good-leaf.pem");
const ISSUER: &str = include_str!("../testdata/public-good-issuer.pem");
const LOG: &str = include_str!("../testdata/public-good-log.pem");

fn leaf() -> Certificate {
    Certificate::from_pem(LEAF).unwrap()
}

fn entry() -> SignedEntry {
    SignedEntry::of_final_certificate(&leaf(), &Certificate::from_pem(ISSUER).unwrap()).unwrap()
}

fn log() -> PublicKey {
    PublicKey::from_pem(LOG).unwrap()
}

fn sct() -> SignedCertificateTimestamp {
    let mut scts = embedded_in(&leaf()).unwrap();
    assert_eq!(scts.len(), 1);
    scts.remove(0)
}

#[test]
fn verifies_the_promise_of_another_log() {
    let sct = sct();
    assert_eq!(sct.timestamp_millis, 1_692_374_735_120);
    assert!(sct.extensions.is_empty());
    sct.verify(entry(), &log()).unwrap();
}

#[test]
fn writes_the_list_as_the_certificate_has_it() {
    let leaf = leaf();
    let list = leaf.sct_list().unwrap();
    assert_eq!(encode_list(&parse_list(list).unwrap()).unwrap(), list);
}

#[test]
fn refuses_the_promise_for_anything_else() {
    let mut later = sct();
    later.timestamp_millis += 1;
    assert!(matches!(
        later.verify(entry(), &log()),
        Err(Error::SignatureInvalid(_))
    ));
    let mut extended = sct();
    extended.extensions = vec![0, 0, 0];
    assert!(matches!(
        extended.verify(entry(), &log()),
        Err(Error::SignatureInvalid(_))
    ));
    let issuer = Certificate::from_pem(ISSUER).unwrap();
    let other_issuer = SignedEntry::of_final_certificate(&leaf(), &leaf()).unwrap();
    assert!(sct().verify(other_issuer, &log()).is_err());
    let as_certificate = SignedEntry::Certificate(leaf().to_der().to_vec());
    assert!(sct().verify(as_certificate, &log()).is_err());
    let other_log = sct().verify(entry(), issuer.public_key());
    assert!(matches!(other_log, Err(Error::OtherLog)));
    let unlogged = SignedEntry::of_final_certificate(&issuer, &issuer);
    assert!(matches!(unlogged, Err(Error::Certificate(_))));
    assert!(embedded_in(&issuer).unwrap().is_empty());
}

#[test]
fn refuses_lists_that_are_cut_or_lengthened_anywhere() {
    let leaf = leaf();
    let list = leaf.sct_list().unwrap();
    for length in 0..list.len() {
        assert!(parse_list(&list[..length]).is_err(), "{length} octets");
    }
    assert!(parse_list(&[list, &[0]].concat()).is_err());
    let mut version = list.to_vec();
    version[4] = 1;
    assert!(parse_list(&version).is_err(), "version 2");
    assert!(encode_list(&[]).is_err());
}
