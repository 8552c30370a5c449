//! From the statement to the signed response.

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Int, ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use der::{Any, Decode as _, Encode as _};
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_x509::Certificate;
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::asn1::{
    self, CONTENT_TYPE, EssCertIdV2, IssuerSerial, MESSAGE_DIGEST, PkiStatusInfo, SIGNED_DATA,
    SIGNING_CERTIFICATE_V2, SIGNING_TIME, SigningCertificateV2, TST_INFO,
};
use crate::request::hash_oid;
use crate::{Error, TstInfo};

/// The statement and what is signed about it; signing consumes it.
pub struct SignedAttributes {
    info: TstInfo,
    attributes: SetOfVec<Attribute>,
    bytes: Vec<u8>,
    signer: Certificate,
}

/// A granted response, DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampResp(Vec<u8>);

impl TimeStampResp {
    /// The response's bytes.
    #[must_use]
    pub fn into_der(self) -> Vec<u8> {
        self.0
    }
}

impl SignedAttributes {
    /// The attributes of a statement that `signer`'s key is to sign: what it is, its digest, when, and by which
    /// certificate (RFC 5816 §2.2.1).
    ///
    /// # Errors
    /// If the key is of a kind that tokens are not signed with.
    pub fn new(info: TstInfo, signer: &Certificate) -> Result<Self, Error> {
        let hash = algorithms(signer.public_key().algorithm())?.0;
        let digest = octets(&hash.digest(info.to_der()))?;
        let attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, &TST_INFO)?,
            attribute(SIGNING_TIME, &signing_time(&info)?)?,
            attribute(MESSAGE_DIGEST, &digest)?,
            attribute(SIGNING_CERTIFICATE_V2, &signing_certificate(signer)?)?,
        ])
        .map_err(malformed)?;
        // RFC 5652 §5.4: signed as a SET OF, whatever tag they carry in the token.
        let bytes = attributes.to_der().map_err(malformed)?;
        Ok(Self {
            info,
            attributes,
            bytes,
            signer: signer.clone(),
        })
    }

    /// Whether tokens can be signed with keys of an algorithm.
    #[must_use]
    pub fn supports(key: Algorithm) -> bool {
        algorithms(key).is_ok()
    }

    /// What the authority's key signs.
    #[must_use]
    pub fn bytes_to_sign(&self) -> &[u8] {
        &self.bytes
    }

    /// The response. The signing certificate is in it if the request asked for it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn sign_with(self, signature: &[u8]) -> Result<TimeStampResp, Error> {
        let certificates = self
            .info
            .wants_certificates()
            .then(|| certificate_set(&self.signer));
        let (hash, signature_algorithm) = algorithms(self.signer.public_key().algorithm())?;
        let digest_algorithm = AlgorithmIdentifierOwned {
            oid: hash_oid(hash),
            parameters: None,
        };
        let named = asn1::issuer_and_serial(&self.signer);
        let signer_info = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(
                named.ok_or(Error::Malformed("certificate of the authority"))?,
            ),
            digest_alg: digest_algorithm.clone(),
            signed_attrs: Some(self.attributes),
            signature_algorithm,
            signature: octets(signature)?,
            unsigned_attrs: None,
        };
        let content = Any::encode_from(&octets(self.info.to_der())?).map_err(malformed)?;
        let signed_data = SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![digest_algorithm]).map_err(malformed)?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(content),
            },
            certificates: certificates.transpose()?,
            crls: None,
            signer_infos: SignerInfos::try_from(vec![signer_info]).map_err(malformed)?,
        };
        respond(&signed_data)
    }
}

fn respond(signed_data: &SignedData) -> Result<TimeStampResp, Error> {
    let response = asn1::TimeStampResp {
        status: PkiStatusInfo {
            status: GRANTED,
            status_string: None,
            fail_info: None,
        },
        time_stamp_token: Some(ContentInfo {
            content_type: SIGNED_DATA,
            content: Any::encode_from(signed_data).map_err(malformed)?,
        }),
    };
    response.to_der().map(TimeStampResp).map_err(malformed)
}

fn attribute<T: der::EncodeValue + der::Tagged>(
    oid: ObjectIdentifier,
    value: &T,
) -> Result<Attribute, Error> {
    let value = Any::encode_from(value).map_err(malformed)?;
    let values = SetOfVec::try_from(vec![value]).map_err(malformed)?;
    Ok(Attribute { oid, values })
}

/// RFC 5652 §11.3: UTCTime through 2049.
fn signing_time(info: &TstInfo) -> Result<Time, Error> {
    let seconds = u64::try_from(info.time().unix_timestamp());
    let since_epoch =
        std::time::Duration::from_secs(seconds.map_err(|_| Error::Malformed("time"))?);
    if info.time().year() < 2050 {
        UtcTime::from_unix_duration(since_epoch)
            .map(Time::UtcTime)
            .map_err(malformed)
    } else {
        der::asn1::GeneralizedTime::from_unix_duration(since_epoch)
            .map(Time::GeneralTime)
            .map_err(malformed)
    }
}

/// RFC 5035 §4: the hash of the certificate, with SHA-256, which is left out as the default, and whose it is.
fn signing_certificate(signer: &Certificate) -> Result<SigningCertificateV2, Error> {
    let issuer = Name::from_der(signer.issuer_der()).map_err(malformed)?;
    let id = EssCertIdV2 {
        hash_algorithm: None,
        cert_hash: octets(&HashAlgorithm::Sha256.digest(signer.to_der()))?,
        issuer_serial: Some(IssuerSerial {
            issuer: vec![GeneralName::DirectoryName(issuer)],
            serial_number: Int::new(signer.serial()).map_err(malformed)?,
        }),
    };
    Ok(SigningCertificateV2 {
        certs: vec![id],
        policies: None,
    })
}

fn certificate_set(signer: &Certificate) -> Result<CertificateSet, Error> {
    let certificate = x509_cert::Certificate::from_der(signer.to_der()).map_err(malformed)?;
    CertificateSet::try_from(vec![CertificateChoices::Certificate(certificate)]).map_err(malformed)
}

/// The hash and the signature algorithm of a key. Every official client checks ECDSA tokens.
fn algorithms(key: Algorithm) -> Result<(HashAlgorithm, AlgorithmIdentifierOwned), Error> {
    let (hash, oid) = match key {
        Algorithm::EcdsaP256Sha256 => (HashAlgorithm::Sha256, asn1::ECDSA_WITH_SHA256),
        Algorithm::EcdsaP384Sha384 => (HashAlgorithm::Sha384, asn1::ECDSA_WITH_SHA384),
        _ => return Err(Error::KeyUnsupported),
    };
    Ok((
        hash,
        AlgorithmIdentifierOwned {
            oid,
            parameters: None,
        },
    ))
}

fn octets(bytes: &[u8]) -> Result<OctetString, Error> {
    OctetString::new(bytes).map_err(malformed)
}

fn malformed(_: der::Error) -> Error {
    Error::Malformed("timestamp response")
}

const GRANTED: u8 = 0;
