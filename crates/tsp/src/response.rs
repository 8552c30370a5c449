//! A response as a verifier reads it.

use cms::content_info::CmsVersion;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Any, Decode as _, Encode as _};
use sigstead_key::HashAlgorithm;
use sigstead_x509::{Certificate, ExtendedKeyUsage, oid};
use time::OffsetDateTime;

use crate::Error;
use crate::asn1::{
    self, CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA, SIGNING_CERTIFICATE_V2, SigningCertificateV2,
    TST_INFO,
};
use crate::request::hash_of;

/// A signed time that is not verified yet.
pub struct TimestampToken {
    info: asn1::TstInfo,
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
        OffsetDateTime::UNIX_EPOCH + self.info.gen_time.to_unix_duration()
    }

    /// Verifies that the token is over `message` and signed by the first certificate of `chain`, which must lead to the
    /// last, at the time that the token states; gives that time.
    ///
    /// # Errors
    /// If one of it is not so.
    pub fn verify(&self, message: &[u8], chain: &[Certificate]) -> Result<OffsetDateTime, Error> {
        let (signer, above) = chain.split_first().ok_or(Error::OtherSigner)?;
        let (root, intermediates) = above.split_last().ok_or(Error::OtherSigner)?;
        self.check_imprint(message)?;
        self.check_signer(signer)?;
        self.check_attributes(signer)?;
        self.check_signature(signer)?;
        let time = self.stated_time();
        check_purpose(signer)?;
        let roots = std::slice::from_ref(root);
        sigstead_x509::verify_chain(
            signer,
            intermediates,
            roots,
            time,
            ExtendedKeyUsage::TimeStamping,
        )?;
        Ok(time)
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
        // RFC 5652 §5.1 and §5.3: what is not plain data, and a signer that is named by issuer and serial.
        if (signed_data.version, signer.version) != (CmsVersion::V3, CmsVersion::V1) {
            return Err(Error::Malformed("timestamp token"));
        }
        Ok(Self {
            info: asn1::TstInfo::from_der(content.as_bytes()).map_err(malformed)?,
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

    fn check_signer(&self, signer: &Certificate) -> Result<(), Error> {
        let SignerIdentifier::IssuerAndSerialNumber(named) = &self.signer.sid else {
            return Err(Error::OtherSigner);
        };
        if asn1::issuer_and_serial(signer).as_ref() == Some(named) {
            return Ok(());
        }
        Err(Error::OtherSigner)
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
        let named: SigningCertificateV2 =
            self.attribute(SIGNING_CERTIFICATE_V2, "signingCertificateV2")?;
        let id = named
            .certs
            .first()
            .ok_or(Error::Attribute("signingCertificateV2"))?;
        let hash = match &id.hash_algorithm {
            Some(algorithm) => hash_of(&algorithm.oid)?,
            None => HashAlgorithm::Sha256,
        };
        if id.cert_hash.as_bytes() == hash.digest(signer.to_der()) {
            return Ok(());
        }
        Err(Error::Attribute("signingCertificateV2"))
    }

    fn check_signature(&self, signer: &Certificate) -> Result<(), Error> {
        let key = signer.public_key();
        let hash = hash_of(&self.signer.digest_alg.oid)?;
        if !asn1::is_signed_with(&self.signer.signature_algorithm.oid, hash) {
            return Err(Error::KeyUnsupported);
        }
        let attributes = self
            .signer
            .signed_attrs
            .as_ref()
            .ok_or(Error::Attribute("contentType"))?;
        let signed = attributes.to_der().map_err(malformed)?;
        key.verify_with_hash(hash, &signed, self.signer.signature.as_bytes())
            .map_err(Error::SignatureInvalid)
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

const GRANTED_WITH_MODS: u8 = 1;
