//! Which submissions a log takes.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_ct::{AcceptedChain, EntryKind, Error, IssuerKeyHash, SignedEntry};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, FulcioExtensions, LeafProfile, Name, Precertificate,
    SerialNumber, SubjectAlternativeName, TimestampingProfile, UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};

struct Authority {
    certificate: Certificate,
    signer: Arc<dyn Signer>,
}

fn ephemeral() -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

fn sign(unsigned: UnsignedCertificate, signer: &dyn Signer) -> Certificate {
    let signature = block_on(signer.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

fn validity() -> Validity {
    let start = OffsetDateTime::UNIX_EPOCH;
    Validity {
        not_before: start,
        not_after: start + Duration::days(365),
    }
}

fn profile(common_name: &str, signer: &dyn Signer, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: Name {
            organization: "example".into(),
            common_name: common_name.into(),
        },
        public_key: signer.public_key().clone(),
        validity: validity(),
        kind,
        serial: SerialNumber::from_random([1; 20]),
    }
}

impl Authority {
    fn root(common_name: &str) -> Self {
        let signer = ephemeral();
        let root = profile(common_name, signer.as_ref(), CaKind::Root)
            .self_signed()
            .unwrap();
        Self {
            certificate: sign(root, signer.as_ref()),
            signer,
        }
    }

    fn authority(&self, kind: CaKind) -> Self {
        let signer = ephemeral();
        let unsigned = profile("intermediate", signer.as_ref(), kind).issued_by(&self.certificate);
        Self {
            certificate: sign(unsigned.unwrap(), self.signer.as_ref()),
            signer,
        }
    }

    fn precertificate(&self) -> Precertificate {
        let unsigned = self
            .leaf()
            .tbs_certificate()
            .unwrap()
            .to_sign_precertificate()
            .unwrap();
        let signature = block_on(self.signer.sign(unsigned.bytes_to_sign())).unwrap();
        unsigned.sign_with(signature).unwrap()
    }

    fn certificate(&self) -> Certificate {
        let unsigned = self
            .leaf()
            .tbs_certificate()
            .unwrap()
            .to_sign_unlogged()
            .unwrap();
        sign(unsigned, self.signer.as_ref())
    }

    fn leaf(&self) -> LeafProfile<'_> {
        LeafProfile {
            issuer: &self.certificate,
            public_key: ephemeral().public_key().clone(),
            san: SubjectAlternativeName::Email("alice@example.com".to_owned()),
            extensions: FulcioExtensions {
                issuer: "https://issuer.example.com".to_owned(),
                subject: "alice".to_owned(),
                ..FulcioExtensions::default()
            },
            validity: validity(),
            serial: SerialNumber::from_random([2; 20]),
        }
    }
}

fn parse(precertificate: &Precertificate) -> Certificate {
    Certificate::from_der(precertificate.to_der()).unwrap()
}

#[test]
fn takes_a_chain_with_its_root_or_without() {
    let root = Authority::root("root");
    let authority = root.authority(CaKind::CodeSigning);
    let precertificate = authority.precertificate();
    let leaf = parse(&precertificate);
    let (above, top) = (&authority.certificate, &root.certificate);
    let roots = [Authority::root("other").certificate, top.clone()];
    let check = |chain: &[&Certificate]| {
        let chain = chain.iter().copied().cloned().collect();
        AcceptedChain::check(chain, &roots, EntryKind::Precertificate).unwrap()
    };
    for chain in [check(&[&leaf, above, top]), check(&[&leaf, above])] {
        assert_eq!(chain.issuers(), [above.clone(), top.clone()]);
        assert_eq!(chain.fingerprints().len(), 2);
        assert_eq!(chain.precertificate(), Some(precertificate.to_der()));
        let SignedEntry::Precertificate {
            issuer_key_hash,
            tbs,
        } = chain.signed_entry().unwrap()
        else {
            panic!("a certificate");
        };
        assert_eq!(issuer_key_hash, IssuerKeyHash::of(above));
        assert_eq!(tbs, precertificate.tbs_without_poison().unwrap());
    }
}

#[test]
fn believes_what_is_known_of_authorities_and_never_of_a_leaf() {
    let root = Authority::root("root");
    let authority = root.authority(CaKind::CodeSigning);
    let leaf = parse(&authority.precertificate());
    let (above, top) = (&authority.certificate, &root.certificate);
    // It has the name of the root and another key.
    let namesake = Authority::root("root").certificate;
    let roots = [top.clone(), namesake.clone()];
    let check = |chain: &[&Certificate], knows: bool| {
        let chain = chain.iter().copied().cloned().collect();
        AcceptedChain::check_unknown(chain, &roots, EntryKind::Precertificate, |_, _| knows)
    };
    assert!(matches!(
        check(&[&leaf, above, &namesake], false),
        Err(Error::BrokenChain(1))
    ));
    assert!(check(&[&leaf, above, &namesake], true).is_ok());
    let other = root.authority(CaKind::CodeSigning);
    assert!(matches!(
        check(&[&leaf, &other.certificate, top], true),
        Err(Error::BrokenChain(0))
    ));
}

#[test]
fn takes_certificates_and_a_root_by_itself() {
    let root = Authority::root("root");
    let roots = [root.certificate.clone()];
    let leaf = root.authority(CaKind::CodeSigning).certificate;
    for leaf in [leaf, root.certificate] {
        let chain =
            AcceptedChain::check(vec![leaf.clone()], &roots, EntryKind::Certificate).unwrap();
        assert_eq!(chain.issuers(), roots);
        assert_eq!(chain.precertificate(), None);
        let entry = SignedEntry::Certificate(leaf.to_der().to_vec());
        assert_eq!(chain.signed_entry().unwrap(), entry);
    }
}

#[test]
fn refuses_chains_that_are_broken_foreign_or_of_the_other_kind() {
    let root = Authority::root("root");
    let authority = root.authority(CaKind::CodeSigning);
    let leaf = parse(&authority.precertificate());
    let certificate = authority.certificate();
    let namesake = Authority::root("root");
    let roots = [root.certificate.clone()];
    let check = |chain: &[&Certificate], kind| {
        let chain = chain.iter().copied().cloned().collect();
        AcceptedChain::check(chain, &roots, kind).unwrap_err()
    };
    let (above, top) = (&authority.certificate, &root.certificate);
    let pre = EntryKind::Precertificate;
    assert!(matches!(check(&[], pre), Error::EmptyChain));
    assert!(matches!(check(&[&leaf], pre), Error::RootUnknown));
    assert!(matches!(check(&[&leaf, top], pre), Error::BrokenChain(0)));
    assert!(matches!(
        check(&[&leaf, above, above], pre),
        Error::BrokenChain(1)
    ));
    // The name fits, the key does not.
    let namesake = &namesake.certificate;
    assert!(matches!(
        check(&[&leaf, above, namesake], pre),
        Error::BrokenChain(1)
    ));
    assert!(matches!(
        check(&[namesake], EntryKind::Certificate),
        Error::RootUnknown
    ));
    assert!(matches!(
        check(&[top; 11], EntryKind::Certificate),
        Error::LongChain { .. }
    ));
    let of_other_kind = check(&[&leaf, above], EntryKind::Certificate);
    assert!(matches!(of_other_kind, Error::WrongKind { .. }));
    assert!(matches!(
        check(&[&certificate, above], pre),
        Error::WrongKind { .. }
    ));
}

#[test]
fn refuses_a_poison_that_is_not_null() {
    let root = Authority::root("root");
    let mut der = root
        .authority(CaKind::CodeSigning)
        .precertificate()
        .to_der()
        .to_vec();
    let poison = [0x04, 0x02, 0x05, 0x00];
    let place = der.windows(4).position(|bytes| bytes == poison).unwrap();
    der[place + 2] = 0x04;
    let leaf = Certificate::from_der(&der).unwrap();
    for kind in [EntryKind::Certificate, EntryKind::Precertificate] {
        let refused = AcceptedChain::check(vec![leaf.clone()], &[], kind);
        assert!(matches!(refused, Err(Error::PoisonMalformed)));
    }
}

#[test]
fn refuses_issuers_that_are_no_authorities() {
    let root = Authority::root("root");
    let authority = root.authority(CaKind::TimeStamping);
    // A certificate that is no authority's, of whose name and key its holder makes an authority's to issue with.
    let holder = Authority::root("holder");
    let held = TimestampingProfile {
        subject: holder.certificate.subject_name(),
        public_key: holder.signer.public_key().clone(),
        validity: validity(),
        serial: SerialNumber::from_random([3; 20]),
    };
    let held = held.issued_by(&authority.certificate).unwrap();
    let held = sign(held, authority.signer.as_ref());
    let leaf = parse(&holder.precertificate());
    let roots = [root.certificate];
    let chain = vec![leaf, held, authority.certificate];
    let refused = AcceptedChain::check(chain, &roots, EntryKind::Precertificate);
    assert!(matches!(refused, Err(Error::NoAuthority(1))), "{refused:?}");
}
