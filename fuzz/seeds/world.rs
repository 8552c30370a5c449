//! A small instance: authorities, and keys of every algorithm.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, FulcioExtensions, LeafProfile, Name, SerialNumber,
    SubjectAlternativeName, TimestampingProfile, UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};

pub(crate) struct World {
    pub(crate) root: Party,
    pub(crate) ca: Party,
    pub(crate) tsa: Party,
    pub(crate) log: Arc<dyn Signer>,
    pub(crate) holder: Arc<dyn Signer>,
}

/// A certificate with its key.
pub(crate) struct Party {
    pub(crate) certificate: Certificate,
    pub(crate) signer: Arc<dyn Signer>,
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).expect("it is a time")
}

pub(crate) fn key(algorithm: Algorithm) -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(algorithm).expect("there is randomness")
}

pub(crate) fn sign(signer: &Arc<dyn Signer>, message: &[u8]) -> Vec<u8> {
    block_on(signer.sign(message)).expect("a key in memory signs")
}

pub(crate) fn certify(unsigned: UnsignedCertificate, signer: &Arc<dyn Signer>) -> Certificate {
    let signature = sign(signer, unsigned.bytes_to_sign());
    unsigned.sign_with(signature).expect("it is a signature")
}

impl World {
    pub(crate) fn new() -> Self {
        let [root, ca, tsa, log, holder] = [(); 5].map(|()| key(Algorithm::EcdsaP256Sha256));
        let profile = ca_profile("root", &root, CaKind::Root);
        let root = Party {
            certificate: certify(profile.self_signed().expect("a profile"), &root),
            signer: root,
        };
        let profile = ca_profile("issuing", &ca, CaKind::CodeSigning);
        let ca = root.certify(profile.issued_by(&root.certificate).expect("a profile"), ca);
        let profile = TimestampingProfile {
            subject: name("time"),
            public_key: tsa.public_key().clone(),
            validity: validity(),
            serial: SerialNumber::from_random([3; 20]),
        };
        let tsa = root.certify(
            profile.issued_by(&root.certificate).expect("a profile"),
            tsa,
        );
        Self {
            root,
            ca,
            tsa,
            log,
            holder,
        }
    }

    /// What a signing certificate of the holder's key says.
    pub(crate) fn leaf(&self, san: SubjectAlternativeName) -> LeafProfile<'_> {
        LeafProfile {
            issuer: &self.ca.certificate,
            public_key: self.holder.public_key().clone(),
            san,
            extensions: FulcioExtensions {
                issuer: "https://issuer.example.com".to_owned(),
                subject: "alice".to_owned(),
                ..FulcioExtensions::default()
            },
            validity: Validity {
                not_before: now(),
                not_after: now() + Duration::minutes(10),
            },
            serial: SerialNumber::from_random([4; 20]),
        }
    }
}

impl Party {
    fn certify(&self, unsigned: UnsignedCertificate, signer: Arc<dyn Signer>) -> Self {
        Self {
            certificate: certify(unsigned, &self.signer),
            signer,
        }
    }
}

pub(crate) fn email() -> SubjectAlternativeName {
    SubjectAlternativeName::Email("alice@example.com".to_owned())
}

fn ca_profile(common_name: &str, signer: &Arc<dyn Signer>, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: name(common_name),
        public_key: signer.public_key().clone(),
        validity: validity(),
        kind,
        serial: SerialNumber::from_random([1; 20]),
    }
}

fn name(common_name: &str) -> Name {
    Name {
        organization: "example".to_owned(),
        common_name: common_name.to_owned(),
    }
}

fn validity() -> Validity {
    Validity {
        not_before: now() - Duration::DAY,
        not_after: now() + Duration::days(3000),
    }
}
