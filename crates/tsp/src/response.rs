//! A response as a verifier reads it.

use aws_lc_rs::digest;
use cms::cert::CertificateChoices;
use cms::content_info::CmsVersion;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Any, Decode as _, Encode as _};
use sigstead_key::{HashAlgorithm, SignatureAlgorithm};
use sigstead_x509::{Certificate, ExtendedKeyUsage, oid};
use time::OffsetDateTime;

use crate::asn1::{
    self, CONTENT_TYPE, MESSAGE_DIGEST, RSA_ENCRYPTION, SIGNED_DATA, SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2, SigningCertificate, SigningCertificateV2, TST_INFO,
};
use crate::error::Error;
use crate::gen_time;
use crate::request::hash_of;

/// A signed time that is not verified yet.
pub struct TimestampToken {
    info: asn1::TstInfo,
    time: OffsetDateTime,
    /// The certificates that came with it, of which nothing is known.
    certificates: Vec<Certificate>,
    /// The statement's bytes, which the signature is over.
    content: Vec<u8>,
    signer: SignerInfo,
}

impl TimestampToken {
    /// Reads a granted response.
    ///
    /// # Errors
    /// If it is not one, or was refused.
    pub fn from_response(der: &[u8]) -> Result<Self, Error> {
        let response = asn1::TimeStampResp::from_der(der).map_err(malformed)?;
        if response.status.status > GRANTED_WITH_MODS {
            return Err(Error::NotGranted(response.status.status));
        }
        let token = response
            .time_stamp_token
            .ok_or(Error::Malformed("timestamp response"))?;
        if token.content_type != SIGNED_DATA {
            return Err(Error::Malformed("timestamp response"));
        }
        Self::from_signed_data(&token.content.decode_as().map_err(malformed)?)
    }

    /// The time that the token states, before anything is verified.
    #[must_use]
    pub fn stated_time(&self) -> OffsetDateTime {
        self.time
    }

    /// Verifies that the token is over `message` and signed by the authority of `chain`, at the time that the token
    /// states; gives that time. The chain ends with the root. It begins with the certificate that signs, or with the
    /// authority that issued it: then the certificate comes with the token.
    ///
    /// # Errors
    /// [`Error::OtherSigner`] if the token is another authority's, which is found before anything else; else what is
    /// wrong with it.
    pub fn verify(&self, message: &[u8], chain: &[Certificate]) -> Result<OffsetDateTime, Error> {
        let (root, below) = chain.split_last().ok_or(Error::OtherSigner)?;
        let signer = self.signer_of(chain)?;
        self.check_imprint(message)?;
        self.check_attributes(signer)?;
        self.check_signature(signer)?;
        check_purpose(signer)?;
        sigstead_x509::verify_chain(
            signer,
            below,
            std::slice::from_ref(root),
            self.time,
            ExtendedKeyUsage::TimeStamping,
        )?;
        Ok(self.time)
    }

    /// The certificate that signed, if it is the chain's own or issued by the first of the chain.
    fn signer_of<'a>(&'a self, chain: &'a [Certificate]) -> Result<&'a Certificate, Error> {
        let (first, above) = chain.split_first().ok_or(Error::OtherSigner)?;
        if first.is_ca() {
            let mut issued = self
                .certificates
                .iter()
                .filter(|each| self.is_by(each) && each.verify_signed_by(first).is_ok());
            return issued.next().ok_or(Error::OtherSigner);
        }
        // By itself it has no authority that could be trusted.
        if above.is_empty() || !self.is_by(first) {
            return Err(Error::OtherSigner);
        }
        Ok(first)
    }

    fn from_signed_data(signed_data: &SignedData) -> Result<Self, Error> {
        let content = &signed_data.encap_content_info;
        if content.econtent_type != TST_INFO {
            return Err(Error::Malformed("timestamp token"));
        }
        let inner = content
            .econtent
            .as_ref()
            .ok_or(Error::Malformed("timestamp token"))?;
        let content: OctetString = inner.decode_as().map_err(malformed)?;
        let [signer] = signed_data.signer_infos.0.as_slice() else {
            return Err(Error::Malformed("timestamp token"));
        };
        // RFC 5652 §5.1 and §5.3: what is not plain data, and the version that goes with how the signer is named.
        let version = match signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(_) => CmsVersion::V1,
            SignerIdentifier::SubjectKeyIdentifier(_) => CmsVersion::V3,
        };
        if (signed_data.version, signer.version) != (CmsVersion::V3, version) {
            return Err(Error::Malformed("timestamp token"));
        }
        let info = asn1::TstInfo::from_der(content.as_bytes()).map_err(malformed)?;
        check_info(&info)?;
        Ok(Self {
            time: gen_time::read(&info.gen_time)?,
            info,
            certificates: certificates_of(signed_data),
            content: content.as_bytes().to_vec(),
            signer: signer.clone(),
        })
    }

    fn check_imprint(&self, message: &[u8]) -> Result<(), Error> {
        let imprint = &self.info.message_imprint;
        let digest = hash_of(&imprint.hash_algorithm.oid)?.digest(message);
        if digest == imprint.hashed_message.as_bytes() {
            Ok(())
        } else {
            Err(Error::ImprintMismatch)
        }
    }

    /// Whether the token names a certificate as the one that signed.
    fn is_by(&self, certificate: &Certificate) -> bool {
        match &self.signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(named) => {
                asn1::issuer_and_serial(certificate).as_ref() == Some(named)
            }
            SignerIdentifier::SubjectKeyIdentifier(named) => {
                certificate.subject_key_id() == Some(named.0.as_bytes())
            }
        }
    }

    fn check_attributes(&self, signer: &Certificate) -> Result<(), Error> {
        let content_type: ObjectIdentifier = self.attribute(CONTENT_TYPE, "contentType")?;
        if content_type != TST_INFO {
            return Err(Error::Attribute("contentType"));
        }
        let digest: OctetString = self.attribute(MESSAGE_DIGEST, "messageDigest")?;
        if digest.as_bytes() != hash_of(&self.signer.digest_alg.oid)?.digest(&self.content) {
            return Err(Error::Attribute("messageDigest"));
        }
        self.check_certificate_id(signer)
    }

    /// RFC 5816 §2.2.1: which certificate signed, by its hash. Both forms may be there, and then both must be right.
    ///
    /// The old form hashes with SHA-1, which is no more than a name here: the certificate is known before, from the
    /// trusted root or as issued by an authority of it, and an attacker who finds a second one of the same hash still has to
    /// get it issued.
    fn check_certificate_id(&self, signer: &Certificate) -> Result<(), Error> {
        let mut is_named = false;
        if self.has_attribute(SIGNING_CERTIFICATE_V2) {
            let name = "signingCertificateV2";
            let named: SigningCertificateV2 = self.attribute(SIGNING_CERTIFICATE_V2, name)?;
            let id = named.certs.first().ok_or(Error::Attribute(name))?;
            let hash = match &id.hash_algorithm {
                Some(algorithm) => hash_of(&algorithm.oid)?,
                None => HashAlgorithm::Sha256,
            };
            if id.cert_hash.as_bytes() != hash.digest(signer.to_der()) {
                return Err(Error::Attribute(name));
            }
            is_named = true;
        }
        if self.has_attribute(SIGNING_CERTIFICATE) {
            let name = "signingCertificate";
            let named: SigningCertificate = self.attribute(SIGNING_CERTIFICATE, name)?;
            let id = named.certs.first().ok_or(Error::Attribute(name))?;
            let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, signer.to_der());
            if id.cert_hash.as_bytes() != digest.as_ref() {
                return Err(Error::Attribute(name));
            }
            is_named = true;
        }
        if is_named {
            return Ok(());
        }
        Err(Error::Attribute("signingCertificateV2"))
    }

    fn check_signature(&self, signer: &Certificate) -> Result<(), Error> {
        let stated = self.signature_algorithm()?;
        let attributes = self
            .signer
            .signed_attrs
            .as_ref()
            .ok_or(Error::Attribute("contentType"))?;
        let signed = attributes.to_der().map_err(malformed)?;
        signer
            .public_key()
            .verify_signed_with(stated, &signed, self.signer.signature.as_bytes())
            .map_err(Error::SignatureInvalid)
    }

    /// What the signature was made with. It names no other hash than the digest of the statement was made with; plain
    /// RSA names none (RFC 3370 §3.2), nor does Ed25519.
    fn signature_algorithm(&self) -> Result<SignatureAlgorithm, Error> {
        let hash = hash_of(&self.signer.digest_alg.oid)?;
        let named = &self.signer.signature_algorithm;
        if named.oid == RSA_ENCRYPTION {
            return Ok(SignatureAlgorithm::RsaPkcs1v15(hash));
        }
        let der = named.to_der().map_err(malformed)?;
        let stated = SignatureAlgorithm::from_der(&der).map_err(|_| Error::KeyUnsupported)?;
        if stated.hash().is_some_and(|stated| stated != hash) {
            return Err(Error::KeyUnsupported);
        }
        Ok(stated)
    }

    fn has_attribute(&self, oid: ObjectIdentifier) -> bool {
        let mut attributes = self.signer.signed_attrs.iter().flat_map(|all| all.iter());
        attributes.any(|attribute| attribute.oid == oid)
    }

    /// The one value of a signed attribute that stands once.
    fn attribute<T>(&self, oid: ObjectIdentifier, name: &'static str) -> Result<T, Error>
    where
        T: for<'a> der::Decode<'a>,
    {
        let attributes = self
            .signer
            .signed_attrs
            .iter()
            .flat_map(|attributes| attributes.iter());
        let mut found = attributes.filter(|attribute| attribute.oid == oid);
        let (Some(attribute), None) = (found.next(), found.next()) else {
            return Err(Error::Attribute(name));
        };
        let [value] = attribute.values.as_slice() else {
            return Err(Error::Attribute(name));
        };
        let value: &Any = value;
        let der = value.to_der().map_err(malformed)?;
        T::from_der(&der).map_err(|_| Error::Attribute(name))
    }
}

/// RFC 3161 §2.4.2: what a reader must understand of the statement.
fn check_info(info: &asn1::TstInfo) -> Result<(), Error> {
    let is_part = |part: Option<u16>| part.is_none_or(|part| (1..1000).contains(&part));
    let is_accuracy = info
        .accuracy
        .as_ref()
        .is_none_or(|accuracy| is_part(accuracy.millis) && is_part(accuracy.micros));
    if info.version != 1 || !is_accuracy {
        return Err(Error::Malformed("timestamp token"));
    }
    let mut extensions = info.extensions.iter().flatten();
    match extensions.find(|extension| extension.critical) {
        Some(critical) => Err(Error::CriticalExtension(critical.extn_id.to_string())),
        None => Ok(()),
    }
}

/// Those that can be read, and no more than a chain has.
fn certificates_of(signed_data: &SignedData) -> Vec<Certificate> {
    let choices = signed_data.certificates.iter().flat_map(|set| set.0.iter());
    choices
        .take(MAX_CERTIFICATES)
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => {
                Certificate::from_der(&certificate.to_der().ok()?).ok()
            }
            CertificateChoices::Other(_) => None,
        })
        .collect()
}

/// RFC 3161 §2.3: the certificate is for time stamping alone, and says so critically.
fn check_purpose(signer: &Certificate) -> Result<(), Error> {
    let mut extensions = signer.extensions().iter();
    let is_critical =
        extensions.any(|extension| extension.oid == oid::EXTENDED_KEY_USAGE && extension.critical);
    if is_critical && signer.extended_key_usages() == Some(&[oid::TIME_STAMPING]) {
        return Ok(());
    }
    Err(Error::Purpose)
}

fn malformed<E>(_: E) -> Error {
    Error::Malformed("timestamp response")
}

const MAX_CERTIFICATES: usize = 10;
const GRANTED_WITH_MODS: u8 = 1;
