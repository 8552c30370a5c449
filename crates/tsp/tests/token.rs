//! Tokens: signed here, verified here, and by `openssl` in the tests of the service.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_signer::Signer;
use sigstead_tsp::{
    Error, Policy, SerialNumber, SignedAttributes, TimeStampReq, TimestampToken, TstInfo,
};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, TimestampingProfile, TlsProfile, TlsRole,
    UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};

const MESSAGE: &[u8] = b"message";

struct Authority {
    chain: Vec<Certificate>,
    signer: Arc<dyn Signer>,
}

fn time() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

fn validity() -> Validity {
    Validity {
        not_before: time() - Duration::DAY,
        not_after: time() + Duration::DAY,
    }
}

fn sign(unsigned: UnsignedCertificate, signer: &dyn Signer) -> Certificate {
    let signature = block_on(signer.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

fn name(common_name: &str) -> Name {
    Name {
        organization: "example".into(),
        common_name: common_name.into(),
    }
}

impl Authority {
    fn new(algorithm: Algorithm) -> Self {
        Self::with(algorithm, |key, above| {
            let profile = TimestampingProfile {
                subject: name("tsa"),
                public_key: key.public_key().clone(),
                validity: validity(),
                serial: sigstead_x509::SerialNumber::from_random([3; 20]),
            };
            profile.issued_by(above).unwrap()
        })
    }

    fn with(
        algorithm: Algorithm,
        leaf: impl Fn(&dyn Signer, &Certificate) -> UnsignedCertificate,
    ) -> Self {
        let root_key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let root = CaProfile {
            subject: name("root"),
            public_key: root_key.public_key().clone(),
            validity: validity(),
            kind: CaKind::Root,
            serial: sigstead_x509::SerialNumber::from_random([1; 20]),
        };
        let root = sign(root.self_signed().unwrap(), root_key.as_ref());
        let leaf = sign(leaf(signer.as_ref(), &root), root_key.as_ref());
        Self {
            chain: vec![leaf, root],
            signer,
        }
    }

    fn stamp(&self, request: &TimeStampReq, at: OffsetDateTime) -> Result<Vec<u8>, Error> {
        let policy = Policy::parse("1.2.3")?;
        let serial = SerialNumber::from_random([0xff; 20]);
        let info = TstInfo::new(request, policy, serial, at, &self.chain[0])?;
        let attributes = SignedAttributes::new(info, &self.chain[0])?;
        let signature = block_on(self.signer.sign(attributes.bytes_to_sign())).unwrap();
        Ok(attributes.sign_with(&signature)?.into_der())
    }

    fn verify(&self, response: &[u8]) -> Result<OffsetDateTime, Error> {
        TimestampToken::from_response(response)?.verify(MESSAGE, &self.chain)
    }
}

fn request() -> TimeStampReq {
    TimeStampReq::new(
        HashAlgorithm::Sha256,
        &HashAlgorithm::Sha256.digest(MESSAGE),
    )
    .unwrap()
}

#[test]
fn verifies_what_it_signs_with_each_supported_key() {
    for algorithm in Algorithm::ALL {
        if !SignedAttributes::supports(algorithm) {
            continue;
        }
        let authority = Authority::new(algorithm);
        let late = time() + Duration::milliseconds(999);
        for request in [request(), request().with_certificates()] {
            let response = authority.stamp(&request, late).unwrap();
            assert_eq!(
                authority.verify(&response).unwrap(),
                time(),
                "{algorithm:?}"
            );
        }
    }
}

#[test]
fn refuses_keys_that_clients_do_not_check() {
    let authority = Authority::new(Algorithm::Ed25519);
    assert!(!SignedAttributes::supports(Algorithm::Ed25519));
    let refused = authority.stamp(&request(), time());
    assert!(matches!(refused, Err(Error::KeyUnsupported)));
}

#[test]
fn signs_a_set_in_order() {
    let authority = Authority::new(Algorithm::EcdsaP256Sha256);
    let certificate = &authority.chain[0];
    let serial = SerialNumber::from_random([0; 20]);
    let policy = Policy::parse("1.2.3").unwrap();
    let info = TstInfo::new(&request(), policy, serial, time(), certificate).unwrap();
    let digest = HashAlgorithm::Sha256.digest(info.to_der());
    let attributes = SignedAttributes::new(info, certificate).unwrap();
    let bytes = attributes.bytes_to_sign();
    assert_eq!(bytes[0], 0x31, "RFC 5652 §5.4");
    // 1.2.840.113549.1.9: contentType 3, signingTime 5, messageDigest 4, signingCertificateV2 16.2.47; shorter elements stand first.
    let place = |needle: &[u8]| {
        bytes
            .windows(needle.len())
            .position(|window| window == needle)
            .unwrap()
    };
    let prefix = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09];
    let last: [&[u8]; 4] = [&[3], &[5], &[4], &[16, 2, 47]];
    let order = last.map(|last| place(&[&prefix[..], last].concat()));
    assert!(order.is_sorted(), "{order:?}");
    place(&digest);
    place(&HashAlgorithm::Sha256.digest(certificate.to_der()));
    place(certificate.issuer_der());
    place(certificate.serial());
}

#[test]
fn refuses_times_at_which_the_chain_does_not_hold() {
    let authority = Authority::new(Algorithm::EcdsaP256Sha256);
    for days in [-2, 2] {
        let response = authority
            .stamp(&request(), time() + Duration::days(days))
            .unwrap();
        assert!(matches!(authority.verify(&response), Err(Error::Chain(_))));
    }
    let before_all = authority.stamp(&request(), OffsetDateTime::UNIX_EPOCH - Duration::SECOND);
    assert!(matches!(before_all, Err(Error::Malformed(_))));
}

#[test]
fn refuses_certificates_that_are_not_for_time_stamping() {
    let authority = Authority::with(Algorithm::EcdsaP256Sha256, |key, above| {
        let profile = TlsProfile {
            subject: name("server"),
            public_key: key.public_key().clone(),
            dns_names: vec!["example.com".into()],
            ip_addresses: Vec::new(),
            uris: Vec::new(),
            role: TlsRole::Server,
            validity: validity(),
            serial: sigstead_x509::SerialNumber::from_random([3; 20]),
        };
        profile.issued_by(above).unwrap()
    });
    let response = authority.stamp(&request(), time()).unwrap();
    assert!(matches!(authority.verify(&response), Err(Error::Purpose)));
}

#[test]
fn refuses_the_signatures_of_others() {
    let (one, other) = (
        Authority::new(Algorithm::EcdsaP256Sha256),
        Authority::new(Algorithm::EcdsaP256Sha256),
    );
    // Both leaves have the same name and serial number, so that only certificate and key tell them apart.
    let response = one.stamp(&request(), time()).unwrap();
    assert!(matches!(
        other.verify(&response),
        Err(Error::Attribute("signingCertificateV2"))
    ));
    let usurper = Authority {
        chain: one.chain.clone(),
        signer: other.signer,
    };
    let response = usurper.stamp(&request(), time()).unwrap();
    assert!(matches!(
        one.verify(&response),
        Err(Error::SignatureInvalid(_))
    ));
}

#[test]
fn refuses_responses_that_were_not_granted() {
    for status in 2..=5 {
        // SEQUENCE { PKIStatusInfo { status } }
        let refused = TimestampToken::from_response(&[0x30, 5, 0x30, 3, 2, 1, status]);
        assert!(matches!(refused, Err(Error::NotGranted(found)) if found == status));
    }
    let empty = TimestampToken::from_response(&[0x30, 5, 0x30, 3, 2, 1, 0]);
    assert!(matches!(empty, Err(Error::Malformed(_))));
}
