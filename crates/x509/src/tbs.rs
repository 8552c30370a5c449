//! Certificates that wait for their signature.

use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use sigstead_key::PublicKey;

use crate::structure::{
    CertificateSequence, ExtensionSequence, TbsSequence, VERSION_3, decode, encode, key_identifier,
    signature_algorithm,
};
use crate::{Certificate, Error, Extension, SerialNumber, Validity};

/// A certificate whose bytes are fixed and not signed yet. It can be signed once.
pub struct UnsignedCertificate {
    tbs: Vec<u8>,
    issuing_key: PublicKey,
}

/// Everything that stands in a certificate, in the order of its profile.
#[derive(Clone)]
pub(crate) struct Layout {
    pub(crate) serial: SerialNumber,
    pub(crate) issuer: Vec<u8>,
    pub(crate) validity: Validity,
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: PublicKey,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) issuing_key: PublicKey,
}

impl UnsignedCertificate {
    /// What the issuing key signs.
    #[must_use]
    pub fn bytes_to_sign(&self) -> &[u8] {
        &self.tbs
    }

    /// The signed certificate.
    ///
    /// # Errors
    /// If the signature is not one of the issuing key over these bytes.
    pub fn sign_with(self, signature: Vec<u8>) -> Result<Certificate, Error> {
        Certificate::from_der(&self.signed(&signature)?)
    }

    /// The signed bytes. A signature of a wrong key must not leave the process under the authority's name.
    pub(crate) fn signed(&self, signature: &[u8]) -> Result<Vec<u8>, Error> {
        self.issuing_key
            .verify(&self.tbs, signature)
            .map_err(Error::SignatureInvalid)?;
        let algorithm = signature_algorithm(self.issuing_key.algorithm())?;
        let certificate = CertificateSequence {
            tbs: any(&self.tbs)?,
            signature_algorithm: any(&algorithm)?,
            signature: BitStringRef::from_bytes(signature)
                .map_err(Error::structure("the signature"))?,
        };
        encode("a certificate", &certificate)
    }
}

impl Layout {
    pub(crate) fn unsigned(&self) -> Result<UnsignedCertificate, Error> {
        Ok(UnsignedCertificate {
            tbs: self.tbs()?,
            issuing_key: self.issuing_key.clone(),
        })
    }

    fn tbs(&self) -> Result<Vec<u8>, Error> {
        let serial = self.serial.to_der()?;
        let algorithm = signature_algorithm(self.issuing_key.algorithm())?;
        let extensions: Result<Vec<_>, Error> = self.extensions.iter().map(sequence).collect();
        let extensions = encode("the extensions", &extensions?)?;
        let tbs = TbsSequence {
            version: VERSION_3,
            serial: any(&serial)?,
            signature_algorithm: any(&algorithm)?,
            issuer: any(&self.issuer)?,
            validity: self.validity.to_sequence()?,
            subject: any(&self.subject)?,
            subject_public_key_info: any(self.public_key.spki_der())?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(any(&extensions)?),
        };
        encode("a certificate", &tbs)
    }

    /// Checks that `issuer` may issue, and for all of this time, and names its key.
    pub(crate) fn authority_key_identifier(
        issuer: &Certificate,
        validity: Validity,
    ) -> Result<Extension, Error> {
        if !issuer.is_ca() {
            return Err(Error::NotAnAuthority);
        }
        if !issuer.validity().covers(validity.not_before)
            || !issuer.validity().covers(validity.not_after)
        {
            return Err(Error::Profile("its validity exceeds the issuer's"));
        }
        let identifier = issuer
            .subject_key_id()
            .ok_or(Error::ExtensionMissing(crate::oid::SUBJECT_KEY_IDENTIFIER))?;
        Extension::authority_key_identifier(identifier)
    }

    pub(crate) fn subject_key_identifier(key: &PublicKey) -> Result<Extension, Error> {
        Extension::subject_key_identifier(&key_identifier(key.spki_der())?)
    }
}

fn any(der: &[u8]) -> Result<AnyRef<'_>, Error> {
    decode("a part of a certificate", der)
}

pub(crate) fn sequence(extension: &Extension) -> Result<ExtensionSequence<'_>, Error> {
    Ok(ExtensionSequence {
        oid: extension.oid,
        critical: extension.critical,
        value: OctetStringRef::new(&extension.value).map_err(Error::structure("an extension"))?,
    })
}
