//! Tokens in the forms in which other authorities write them, and in forms that nobody may.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::sync::Arc;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode as _, Encode as _};
use futures::executor::block_on;
use sigstead_key::{Algorithm, HashAlgorithm, SignatureAlgorithm};
use sigstead_signer::Signer;
use sigstead_tsp::{Error, TimestampToken};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, TimestampingProfile, UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

const MESSAGE: &[u8] = b"message";
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const CERTIFICATE_V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// An authority, and how it writes its tokens.
struct Foreign {
    leaf: Certificate,
    root: Certificate,
    signer: Arc<dyn Signer>,
    /// What stands in the statement instead of the version, the time, and what follows it.
    version: u8,
    gen_time: &'static str,
    rest: Vec<u8>,
    message: &'static [u8],
    certificate_ids: Vec<(ObjectIdentifier, Vec<u8>)>,
    is_named_by_key: bool,
    brings_certificate: bool,
}

impl Foreign {
    fn new(algorithm: Algorithm) -> Self {
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
        let leaf = TimestampingProfile {
            subject: name("tsa"),
            public_key: signer.public_key().clone(),
            validity: validity(),
            serial: sigstead_x509::SerialNumber::from_random([3; 20]),
        };
        let leaf = sign(leaf.issued_by(&root).unwrap(), root_key.as_ref());
        let id = tlv(0x30, &tlv(0x30, &certificate_hash(&leaf)));
        Self {
            certificate_ids: vec![(CERTIFICATE_V2, tlv(0x30, &id))],
            leaf,
            root,
            signer,
            version: 1,
            gen_time: "20231114221320Z",
            rest: Vec::new(),
            message: MESSAGE,
            is_named_by_key: false,
            brings_certificate: false,
        }
    }

    fn statement(&self) -> Vec<u8> {
        let digest = HashAlgorithm::Sha256.digest(self.message);
        let imprint = [tlv(0x30, &tlv(0x06, SHA256)), tlv(0x04, &digest)];
        let content = [
            tlv(0x02, &[self.version]),
            tlv(0x06, &[0x2b, 7]),
            tlv(0x30, &imprint.concat()),
            tlv(0x02, &[5]),
            tlv(0x18, self.gen_time.as_bytes()),
            self.rest.clone(),
        ];
        tlv(0x30, &content.concat())
    }

    fn attributes(&self, hash: HashAlgorithm) -> SetOfVec<Attribute> {
        let digest = OctetString::new(hash.digest(&self.statement())).unwrap();
        let mut attributes = vec![
            attribute(CONTENT_TYPE, Any::encode_from(&TST_INFO).unwrap()),
            attribute(MESSAGE_DIGEST, Any::encode_from(&digest).unwrap()),
        ];
        for (oid, value) in &self.certificate_ids {
            attributes.push(attribute(*oid, Any::from_der(value).unwrap()));
        }
        SetOfVec::try_from(attributes).unwrap()
    }

    fn signer_info(&self) -> SignerInfo {
        let algorithm = self.signer.public_key().algorithm();
        let hash = algorithm.hash();
        let attributes = self.attributes(hash);
        let signature = block_on(self.signer.sign(&attributes.to_der().unwrap())).unwrap();
        let stated = SignatureAlgorithm::of(algorithm).unwrap().to_der().unwrap();
        let last = match hash {
            HashAlgorithm::Sha256 => 1,
            HashAlgorithm::Sha384 => 2,
            HashAlgorithm::Sha512 => 3,
        };
        let hash = tlv(0x30, &tlv(0x06, &[&SHA256[..8], &[last]].concat()));
        let parsed = x509_cert::Certificate::from_der(self.leaf.to_der()).unwrap();
        let tbs = parsed.tbs_certificate();
        let (version, sid) = if self.is_named_by_key {
            let key = OctetString::new(self.leaf.subject_key_id().unwrap()).unwrap();
            let named = SignerIdentifier::SubjectKeyIdentifier(SubjectKeyIdentifier(key));
            (CmsVersion::V3, named)
        } else {
            let named = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            });
            (CmsVersion::V1, named)
        };
        SignerInfo {
            version,
            sid,
            digest_alg: der::Decode::from_der(&hash).unwrap(),
            signed_attrs: Some(attributes),
            signature_algorithm: der::Decode::from_der(&stated).unwrap(),
            signature: OctetString::new(signature).unwrap(),
            unsigned_attrs: None,
        }
    }

    fn response(&self) -> Vec<u8> {
        let signer = self.signer_info();
        let certificate = x509_cert::Certificate::from_der(self.leaf.to_der()).unwrap();
        let certificates = vec![CertificateChoices::Certificate(certificate)];
        let content = OctetString::new(self.statement()).unwrap();
        let signed_data = SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![signer.digest_alg.clone()]).unwrap(),
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(Any::encode_from(&content).unwrap()),
            },
            certificates: self
                .brings_certificate
                .then(|| CertificateSet::try_from(certificates).unwrap()),
            crls: None,
            signer_infos: SignerInfos::try_from(vec![signer]).unwrap(),
        };
        let token = ContentInfo {
            content_type: SIGNED_DATA,
            content: Any::encode_from(&signed_data).unwrap(),
        };
        let status = tlv(0x30, &[2, 1, 0]);
        tlv(0x30, &[status, token.to_der().unwrap()].concat())
    }

    fn verify_against(&self, chain: &[Certificate]) -> Result<OffsetDateTime, Error> {
        TimestampToken::from_response(&self.response())?.verify(MESSAGE, chain)
    }

    fn verify(&self) -> Result<OffsetDateTime, Error> {
        self.verify_against(&[self.leaf.clone(), self.root.clone()])
    }
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

fn attribute(oid: ObjectIdentifier, value: Any) -> Attribute {
    let values = SetOfVec::try_from(vec![value]).unwrap();
    Attribute { oid, values }
}

fn certificate_hash(certificate: &Certificate) -> Vec<u8> {
    tlv(0x04, &HashAlgorithm::Sha256.digest(certificate.to_der()))
}

/// One element of DER.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..0x80) => element.push(short),
        Ok(long) => element.extend([0x81, long]),
        Err(_) => {
            element.push(0x82);
            element.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        }
    }
    element.extend(content);
    element
}

#[test]
fn takes_signers_of_each_kind() {
    for algorithm in Algorithm::ALL {
        if algorithm != Algorithm::Ed25519Ph {
            let verdict = Foreign::new(algorithm).verify();
            assert_eq!(verdict.unwrap(), time(), "{algorithm:?}");
        }
    }
}

#[test]
fn takes_times_with_fractions() {
    let mut foreign = Foreign::new(Algorithm::EcdsaP256Sha256);
    foreign.gen_time = "20231114221320.25Z";
    let expected = time() + Duration::milliseconds(250);
    assert_eq!(foreign.verify().unwrap(), expected);
    foreign.gen_time = "20231114221320.250Z";
    assert!(matches!(foreign.verify(), Err(Error::Malformed(_))));
}

#[test]
fn takes_a_signer_that_is_named_by_its_key() {
    let mut foreign = Foreign::new(Algorithm::EcdsaP256Sha256);
    foreign.is_named_by_key = true;
    assert_eq!(foreign.verify().unwrap(), time());
    let other = Foreign::new(Algorithm::EcdsaP256Sha256);
    let verdict = foreign.verify_against(&[other.leaf, other.root]);
    assert!(matches!(verdict, Err(Error::OtherSigner)), "{verdict:?}");
}

#[test]
fn takes_the_certificate_from_the_token_if_the_chain_has_authorities_only() {
    let mut foreign = Foreign::new(Algorithm::EcdsaP256Sha256);
    let chain = [foreign.root.clone()];
    let absent = foreign.verify_against(&chain);
    assert!(matches!(absent, Err(Error::OtherSigner)), "{absent:?}");
    foreign.brings_certificate = true;
    assert_eq!(foreign.verify_against(&chain).unwrap(), time());
    // Another authority of the same name did not issue it, and a chain that names a certificate means that one.
    let other = Foreign::new(Algorithm::EcdsaP256Sha256);
    for chain in [
        vec![other.root.clone()],
        vec![other.root, foreign.root.clone()],
    ] {
        let verdict = foreign.verify_against(&chain);
        assert!(matches!(verdict, Err(Error::OtherSigner)), "{verdict:?}");
    }
    let mut renamed = Foreign::new(Algorithm::EcdsaP256Sha256);
    renamed.brings_certificate = true;
    renamed.is_named_by_key = true;
    let verdict = renamed.verify_against(&[foreign.leaf, renamed.root.clone()]);
    assert!(matches!(verdict, Err(Error::OtherSigner)), "{verdict:?}");
}

#[test]
fn an_unknown_authority_is_found_before_the_message_is_compared() {
    let mut foreign = Foreign::new(Algorithm::EcdsaP256Sha256);
    foreign.message = b"another";
    assert!(matches!(foreign.verify(), Err(Error::ImprintMismatch)));
    foreign.is_named_by_key = true;
    let other = Foreign::new(Algorithm::EcdsaP256Sha256);
    let verdict = foreign.verify_against(&[other.leaf, other.root]);
    assert!(matches!(verdict, Err(Error::OtherSigner)), "{verdict:?}");
}

#[test]
fn the_certificate_is_named_by_either_hash_and_rightly_by_each() {
    let sha1 = |bytes: &[u8]| {
        let digest = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
        tlv(0x04, aws_lc_rs::digest::digest(digest, bytes).as_ref())
    };
    let signing = |hash: &[u8], rest: &[u8]| {
        let ids = tlv(0x30, &tlv(0x30, hash));
        tlv(0x30, &[ids, rest.to_vec()].concat())
    };
    let mut foreign = Foreign::new(Algorithm::EcdsaP256Sha256);
    let policies = tlv(0x30, &tlv(0x30, &tlv(0x06, &[0x2b, 7])));
    let (old, new) = (sha1(foreign.leaf.to_der()), certificate_hash(&foreign.leaf));
    let (wrong_old, wrong_new) = (sha1(b"other"), certificate_hash(&foreign.root));
    let v1 = |hash: &[u8]| (CERTIFICATE_V1, signing(hash, &[]));
    let v2 = |hash: &[u8]| (CERTIFICATE_V2, signing(hash, &[]));
    for (case, ids, is_taken) in [
        ("neither", vec![], false),
        ("the old one", vec![v1(&old)], true),
        ("both", vec![v1(&old), v2(&new)], true),
        (
            "policies",
            vec![(CERTIFICATE_V2, signing(&new, &policies))],
            true,
        ),
        (
            "policies, old",
            vec![(CERTIFICATE_V1, signing(&old, &policies))],
            true,
        ),
        (
            "the old one is wrong",
            vec![v1(&wrong_old), v2(&new)],
            false,
        ),
        (
            "the new one is wrong",
            vec![v1(&old), v2(&wrong_new)],
            false,
        ),
        (
            "twice",
            vec![v1(&old), (CERTIFICATE_V1, signing(&old, &policies))],
            false,
        ),
        (
            "nobody",
            vec![(CERTIFICATE_V1, tlv(0x30, &tlv(0x30, &[])))],
            false,
        ),
    ] {
        foreign.certificate_ids = ids;
        let verdict = foreign.verify();
        assert_eq!(verdict.is_ok(), is_taken, "{case}: {verdict:?}");
        let is_attribute = matches!(verdict, Ok(_) | Err(Error::Attribute(_)));
        assert!(is_attribute, "{case}: {verdict:?}");
    }
}

#[test]
fn a_statement_says_nothing_that_is_not_understood() {
    let extension = |is_critical: bool| {
        let critical: &[u8] = if is_critical { &[1, 1, 0xff] } else { &[] };
        let content = [tlv(0x06, &[0x2b, 7]), critical.to_vec(), tlv(0x04, &[])].concat();
        tlv(0xa1, &tlv(0x30, &content))
    };
    let accuracy = |millis: &[u8]| tlv(0x30, &[tlv(0x02, &[1]), tlv(0x80, millis)].concat());
    for (case, version, rest, is_taken) in [
        ("plain", 1, Vec::new(), true),
        ("version 2", 2, Vec::new(), false),
        ("an extension", 1, extension(false), true),
        ("a critical extension", 1, extension(true), false),
        ("an accuracy", 1, accuracy(&[3, 0xe7]), true),
        ("a second in milliseconds", 1, accuracy(&[3, 0xe8]), false),
        ("no milliseconds", 1, accuracy(&[0]), false),
    ] {
        let mut foreign = Foreign::new(Algorithm::EcdsaP256Sha256);
        foreign.version = version;
        foreign.rest = rest;
        let verdict = foreign.verify();
        assert_eq!(verdict.is_ok(), is_taken, "{case}: {verdict:?}");
    }
}
