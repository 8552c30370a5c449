//! Authorities that submit to a log, and those that it does not take.

use std::sync::Arc;

use sigstead_ct::SignedCertificateTimestamp;
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, FulcioExtensions, LeafProfile, Name, Precertificate,
    SerialNumber, SubjectAlternativeName, TimestampingProfile, UnsignedCertificate, Validity,
};

use crate::world::now;

/// A root that the log accepts, and an authority under it.
pub(crate) struct Authorities {
    pub(crate) root: Certificate,
    pub(crate) intermediate: Certificate,
    root_signer: Arc<dyn Signer>,
    signer: Arc<dyn Signer>,
}

impl Authorities {
    pub(crate) async fn new() -> Self {
        let (root_signer, signer) = (ephemeral(), ephemeral());
        let root = profile("root", root_signer.as_ref(), CaKind::Root).self_signed();
        let root = sign(root.unwrap(), root_signer.as_ref()).await;
        let intermediate = profile("intermediate", signer.as_ref(), CaKind::CodeSigning);
        let intermediate = intermediate.issued_by(&root).unwrap();
        let intermediate = sign(intermediate, root_signer.as_ref()).await;
        Self {
            root,
            intermediate,
            root_signer,
            signer,
        }
    }

    /// A leaf with all above it, DER.
    pub(crate) fn chain(&self, leaf: &[u8]) -> Vec<Vec<u8>> {
        let above = [&self.intermediate, &self.root];
        std::iter::once(leaf)
            .chain(above.map(Certificate::to_der))
            .map(<[u8]>::to_vec)
            .collect()
    }

    pub(crate) async fn precertificate(&self, seed: u8) -> Precertificate {
        let tbs = self
            .leaf(ephemeral().as_ref(), seed)
            .tbs_certificate()
            .unwrap();
        let unsigned = tbs.to_sign_precertificate().unwrap();
        let signature = self.signer.sign(unsigned.bytes_to_sign()).await.unwrap();
        unsigned.sign_with(signature).unwrap()
    }

    pub(crate) async fn certificate(&self, key: &dyn Signer) -> Certificate {
        let tbs = self.leaf(key, 9).tbs_certificate().unwrap();
        sign(tbs.to_sign_unlogged().unwrap(), self.signer.as_ref()).await
    }

    /// The certificate of a logged precertificate.
    pub(crate) async fn finish(
        &self,
        precertificate: Precertificate,
        sct: SignedCertificateTimestamp,
    ) -> Certificate {
        let list = sigstead_ct::encode_list(&[sct]).unwrap();
        sign(
            precertificate.with_scts(&list).unwrap(),
            self.signer.as_ref(),
        )
        .await
    }

    /// A precertificate under a certificate that is no authority's, with the path from there to the root in order.
    pub(crate) async fn usurped_chain(&self) -> Vec<Vec<u8>> {
        let key = ephemeral();
        let above = profile("timestamping", self.signer.as_ref(), CaKind::TimeStamping);
        let above = above.issued_by(&self.root).unwrap();
        let above = sign(above, self.root_signer.as_ref()).await;
        let claimed = profile("holder", key.as_ref(), CaKind::Root);
        let held = TimestampingProfile {
            subject: claimed.subject.clone(),
            public_key: key.public_key().clone(),
            validity: claimed.validity,
            serial: SerialNumber::from_random([4; 20]),
        };
        let held = sign(held.issued_by(&above).unwrap(), self.signer.as_ref()).await;
        let usurper = Self {
            root: self.root.clone(),
            root_signer: Arc::clone(&self.root_signer),
            intermediate: sign(claimed.self_signed().unwrap(), key.as_ref()).await,
            signer: key,
        };
        let precertificate = usurper.precertificate(1).await.to_der().to_vec();
        let path = [&held, &above, &self.root].map(|each| each.to_der().to_vec());
        std::iter::once(precertificate).chain(path).collect()
    }

    fn leaf(&self, key: &dyn Signer, seed: u8) -> LeafProfile<'_> {
        LeafProfile {
            issuer: &self.intermediate,
            public_key: key.public_key().clone(),
            san: SubjectAlternativeName::Email("alice@example.com".to_owned()),
            extensions: FulcioExtensions {
                issuer: "https://issuer.example.com".to_owned(),
                subject: "alice".to_owned(),
                ..FulcioExtensions::default()
            },
            validity: Validity {
                not_before: now(),
                not_after: now() + time::Duration::minutes(10),
            },
            serial: SerialNumber::from_random([seed; 20]),
        }
    }
}

pub(crate) fn ephemeral() -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

fn profile(common_name: &str, key: &dyn Signer, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: Name {
            organization: "example".into(),
            common_name: common_name.into(),
        },
        public_key: key.public_key().clone(),
        validity: Validity {
            not_before: now() - time::Duration::DAY,
            not_after: now() + time::Duration::days(3650),
        },
        kind,
        serial: SerialNumber::from_random([1; 20]),
    }
}

async fn sign(unsigned: UnsignedCertificate, signer: &dyn Signer) -> Certificate {
    let signature = signer.sign(unsigned.bytes_to_sign()).await.unwrap();
    unsigned.sign_with(signature).unwrap()
}
