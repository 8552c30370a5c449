//! Authorities and certificates for tests.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, FulcioExtensions, LeafProfile, Name, SerialNumber,
    SubjectAlternativeName, TbsCertificate, UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};

pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    pub(crate) signer: Arc<dyn Signer>,
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

pub(crate) fn years(years: i64) -> Validity {
    Validity {
        not_before: now() - Duration::DAY,
        not_after: now() + Duration::days(365 * years),
    }
}

pub(crate) fn minutes(minutes: i64) -> Validity {
    Validity {
        not_before: now(),
        not_after: now() + Duration::minutes(minutes),
    }
}

pub(crate) fn serial(seed: u8) -> SerialNumber {
    SerialNumber::from_random([seed; 20])
}

pub(crate) fn name(common_name: &str) -> Name {
    Name {
        organization: "example".to_owned(),
        common_name: common_name.to_owned(),
    }
}

pub(crate) fn sign(unsigned: UnsignedCertificate, signer: &dyn Signer) -> Certificate {
    let signature = block_on(signer.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

impl Authority {
    pub(crate) fn root(algorithm: Algorithm) -> Self {
        Self::root_for(algorithm, "root", years(10))
    }

    pub(crate) fn root_for(algorithm: Algorithm, common_name: &str, validity: Validity) -> Self {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let profile = CaProfile {
            subject: name(common_name),
            public_key: signer.public_key().clone(),
            validity,
            kind: CaKind::Root,
            serial: serial(1),
        };
        let certificate = sign(profile.self_signed().unwrap(), signer.as_ref());
        Self {
            certificate,
            signer,
        }
    }

    pub(crate) fn intermediate(&self, algorithm: Algorithm, kind: CaKind) -> Self {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let profile = CaProfile {
            subject: name("intermediate"),
            public_key: signer.public_key().clone(),
            validity: years(5),
            kind,
            serial: serial(2),
        };
        let unsigned = profile.issued_by(&self.certificate).unwrap();
        Self {
            certificate: sign(unsigned, self.signer.as_ref()),
            signer,
        }
    }

    pub(crate) fn tbs(
        &self,
        san: SubjectAlternativeName,
        extensions: FulcioExtensions,
    ) -> TbsCertificate {
        let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        let profile = LeafProfile {
            issuer: &self.certificate,
            public_key: signer.public_key().clone(),
            san,
            extensions,
            validity: minutes(10),
            serial: serial(3),
        };
        profile.tbs_certificate().unwrap()
    }

    pub(crate) fn leaf(&self) -> Certificate {
        let unsigned = self.tbs(email(), issuer()).to_sign_unlogged().unwrap();
        sign(unsigned, self.signer.as_ref())
    }
}

pub(crate) fn email() -> SubjectAlternativeName {
    SubjectAlternativeName::Email("alice@example.com".to_owned())
}

pub(crate) fn issuer() -> FulcioExtensions {
    FulcioExtensions {
        issuer: "https://issuer.example.com".to_owned(),
        subject: "alice".to_owned(),
        ..FulcioExtensions::default()
    }
}
