//! Requests: what is written is read back, and what cannot be answered is refused.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use sigstead_key::HashAlgorithm;
use sigstead_tsp::{Error, Nonce, Policy, TimeStampReq};

const HASHES: [HashAlgorithm; 3] = [
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha384,
    HashAlgorithm::Sha512,
];

fn request(hash: HashAlgorithm) -> TimeStampReq {
    TimeStampReq::new(hash, &hash.digest(b"message")).unwrap()
}

#[test]
fn reads_what_it_writes() {
    for hash in HASHES {
        let full = request(hash)
            .with_policy(Policy::parse("1.3.6.1.4.1.57264.2").unwrap())
            .with_nonce(Nonce::from_unsigned(&[0x80, 1]).unwrap())
            .with_certificates();
        for request in [request(hash), request(hash).with_certificates(), full] {
            let read = TimeStampReq::from_der(&request.to_der().unwrap()).unwrap();
            assert_eq!(read, request);
            assert_eq!(read.hash(), hash);
        }
    }
}

#[test]
fn refuses_digests_of_another_length() {
    for hash in HASHES {
        for length in [
            0,
            20,
            31,
            33,
            hash.digest_length() - 1,
            hash.digest_length() + 1,
        ] {
            let refused = TimeStampReq::new(hash, &vec![0; length]);
            assert!(matches!(refused, Err(Error::DigestLength)), "{length}");
        }
    }
}

#[test]
fn refuses_what_is_cut_or_lengthened() {
    let der = request(HashAlgorithm::Sha256).to_der().unwrap();
    for length in 0..der.len() {
        let refused = TimeStampReq::from_der(&der[..length]);
        assert!(matches!(refused, Err(Error::Malformed(_))), "{length}");
    }
    let longer = [&der[..], &[0]].concat();
    assert!(matches!(
        TimeStampReq::from_der(&longer),
        Err(Error::Malformed(_))
    ));
}

#[test]
fn writes_nonces_as_the_shortest_positive_integers() {
    let table: [(&[u8], &[u8]); 6] = [
        (&[], &[2, 1, 0]),
        (&[0, 0], &[2, 1, 0]),
        (&[0, 5], &[2, 1, 5]),
        (&[0x7f], &[2, 1, 0x7f]),
        (&[0x80], &[2, 2, 0, 0x80]),
        (
            &[0xff; 16],
            &[
                2, 17, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0xff, 0xff,
            ],
        ),
    ];
    for (bytes, encoded) in table {
        let nonce = Nonce::from_unsigned(bytes).unwrap();
        let der = request(HashAlgorithm::Sha256)
            .with_nonce(nonce)
            .to_der()
            .unwrap();
        assert!(der.ends_with(encoded), "{bytes:?}");
    }
    assert!(Nonce::from_unsigned(&[1; 32]).is_ok());
    let long = Nonce::from_unsigned(&[1; 33]);
    assert!(matches!(
        long,
        Err(Error::NonceLong {
            found: 33,
            most: 32
        })
    ));
}

#[test]
fn reads_policies_as_dotted_numbers_only() {
    assert_eq!(
        Policy::parse("1.3.6.1.4.1.57264.2").unwrap().to_string(),
        "1.3.6.1.4.1.57264.2"
    );
    let long = format!("1.2{}", ".1".repeat(200));
    for text in [
        "",
        "1",
        "1.x",
        "3.1",
        "1..2",
        "1.2.",
        " 1.2.3",
        long.as_str(),
    ] {
        assert!(
            matches!(Policy::parse(text), Err(Error::PolicyMalformed)),
            "{text}"
        );
    }
}

#[test]
fn refuses_parameters_of_the_hash_and_padded_policies() {
    let hash = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    let of = |parameters: &[u8], policy: &[u8]| {
        let algorithm = [
            &[0x30, 11 + u8::try_from(parameters.len()).unwrap()],
            &hash[..],
            parameters,
        ];
        let digest = [&[0x04, 32][..], &[7; 32]].concat();
        let imprint = [algorithm.concat(), digest].concat();
        let imprint = [&[0x30, u8::try_from(imprint.len()).unwrap()], &imprint[..]].concat();
        let content = [&[2, 1, 1], &imprint[..], policy].concat();
        let der = [&[0x30, u8::try_from(content.len()).unwrap()], &content[..]].concat();
        TimeStampReq::from_der(&der)
    };
    assert!(of(&[], &[]).is_ok());
    assert!(of(&[5, 0], &[6, 2, 0x2b, 7]).is_ok());
    assert!(of(&[5, 0], &[6, 3, 0x2b, 0x81, 0]).is_ok());
    assert!(matches!(
        of(&[0x0c, 1, 0x41], &[]),
        Err(Error::HashParameters)
    ));
    for policy in [&[6, 3, 0x2b, 0x80, 7][..], &[6, 4, 0x2b, 7, 0x80, 1]] {
        let refused = of(&[], policy);
        let is_refused = matches!(refused, Err(Error::PolicyMalformed | Error::Malformed(_)));
        assert!(is_refused, "{refused:?}");
    }
}
