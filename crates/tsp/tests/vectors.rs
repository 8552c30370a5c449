//! Timestamps of other authorities (`testdata/README.md`).

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use sigstead_tsp::{Error, TimestampToken};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

struct Vector {
    response: &'static [u8],
    message: &'static [u8],
    chain: Vec<Certificate>,
    seconds: i64,
    /// Where the empty set of certificates stands.
    certificates: usize,
}

fn vectors() -> [Vector; 2] {
    let chain = |pem| Certificate::chain_from_pem(pem).unwrap();
    [
        Vector {
            response: include_bytes!("../testdata/staging.tsr"),
            message: include_bytes!("../testdata/staging.message"),
            chain: chain(include_str!("../testdata/staging.pem")),
            seconds: 1_753_473_184,
            certificates: 247,
        },
        Vector {
            response: include_bytes!("../testdata/virtual.tsr"),
            message: include_bytes!("../testdata/virtual.message"),
            chain: chain(include_str!("../testdata/virtual.pem")),
            seconds: 1_780_595_009,
            certificates: 183,
        },
    ]
}

#[test]
fn verifies_the_timestamps_of_other_authorities() {
    for vector in vectors() {
        let token = TimestampToken::from_response(vector.response).unwrap();
        let time = token.verify(vector.message, &vector.chain).unwrap();
        assert_eq!(
            time,
            OffsetDateTime::from_unix_timestamp(vector.seconds).unwrap()
        );
        assert_eq!(token.stated_time(), time);
    }
}

#[test]
fn refuses_them_for_another_message_and_under_another_chain() {
    let [one, other] = vectors();
    let token = TimestampToken::from_response(one.response).unwrap();
    let refused = token.verify(other.message, &one.chain);
    assert!(matches!(refused, Err(Error::ImprintMismatch)));
    for chain in [&other.chain[..], &one.chain[1..], &one.chain[..1], &[]] {
        let refused = token.verify(one.message, chain);
        assert!(matches!(refused, Err(Error::OtherSigner)), "{refused:?}");
    }
}

#[test]
fn no_octet_of_a_timestamp_counts_that_is_not_signed_or_checked() {
    for vector in vectors() {
        for place in 0..vector.response.len() {
            let mut changed = vector.response.to_vec();
            changed[place] ^= 1;
            let token = TimestampToken::from_response(&changed);
            let verified = token.and_then(|token| token.verify(vector.message, &vector.chain));
            // Granted or granted with modifications; the hint which hashes will be needed; certificates or
            // revocations of which there are none.
            let is_free = matches!(place, 8 | 41..=49) || place == vector.certificates;
            assert_eq!(verified.is_ok(), is_free, "octet {place}: {verified:?}");
        }
        for length in 0..vector.response.len() {
            assert!(TimestampToken::from_response(&vector.response[..length]).is_err());
        }
    }
}
