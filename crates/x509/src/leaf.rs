//! The signing certificate: profile, precertificate, certificate (Fulcio `certificate-specification.md`, RFC 6962 §3.1).

use der::asn1::OctetStringRef;
use sigstead_key::PublicKey;

use crate::structure::encode;
use crate::tbs::{Layout, UnsignedCertificate};
use crate::{
    Certificate, Error, ExtendedKeyUsage, Extension, FulcioExtensions, KeyUsage, SerialNumber,
    SubjectAlternativeName, Validity, oid, strip_extension,
};

/// What a signing certificate says.
pub struct LeafProfile<'a> {
    /// The authority.
    pub issuer: &'a Certificate,
    /// The key that signs artifacts.
    pub public_key: PublicKey,
    /// Whose key it is.
    pub san: SubjectAlternativeName,
    /// Who said so.
    pub extensions: FulcioExtensions,
    /// When the key may sign.
    pub validity: Validity,
    /// The serial number, the same in precertificate and certificate.
    pub serial: SerialNumber,
}

/// A signing certificate that fits the profile and is not signed yet.
pub struct TbsCertificate(pub(crate) Layout);

/// The same with the poison, for the log.
pub struct PrecertificateTbs {
    layout: Layout,
    unsigned: UnsignedCertificate,
}

/// The signed precertificate. It is no certificate: its poison is critical and known to nobody.
pub struct Precertificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    layout: Layout,
}

impl LeafProfile<'_> {
    /// Lays the values out.
    ///
    /// # Errors
    /// If the issuer may not issue signing certificates or not for this time, or a value does not fit.
    pub fn tbs_certificate(self) -> Result<TbsCertificate, Error> {
        let authority = Layout::authority_key_identifier(self.issuer, self.validity)?;
        let usage = ExtendedKeyUsage::CodeSigning;
        if !self.issuer.may_issue_for(usage) {
            return Err(Error::Usage(usage.name()));
        }
        // The order of Go's library, which the first authority was written with.
        let mut extensions = vec![
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)?,
            Extension::extended_key_usage(usage)?,
            Layout::subject_key_identifier(&self.public_key)?,
            authority,
            self.san.to_extension()?,
        ];
        extensions.extend(self.extensions.to_extensions()?);
        Ok(TbsCertificate(Layout {
            serial: self.serial,
            issuer: self.issuer.subject_der().to_vec(),
            validity: self.validity,
            subject: EMPTY_NAME.to_vec(),
            public_key: self.public_key,
            extensions,
            issuing_key: self.issuer.public_key().clone(),
        }))
    }
}

impl TbsCertificate {
    /// The precertificate to log.
    ///
    /// # Errors
    /// If a value has no DER form.
    pub fn to_sign_precertificate(self) -> Result<PrecertificateTbs, Error> {
        let mut poisoned = self.0.clone();
        poisoned
            .extensions
            .push(Extension::critical(oid::POISON, POISON_VALUE.to_vec()));
        Ok(PrecertificateTbs {
            layout: self.0,
            unsigned: poisoned.unsigned()?,
        })
    }

    /// The certificate without certificate transparency. Clients of the public instance refuse it.
    ///
    /// # Errors
    /// If a value has no DER form.
    pub fn to_sign_unlogged(self) -> Result<UnsignedCertificate, Error> {
        self.0.unsigned()
    }
}

impl PrecertificateTbs {
    /// What the issuing key signs.
    #[must_use]
    pub fn bytes_to_sign(&self) -> &[u8] {
        self.unsigned.bytes_to_sign()
    }

    /// The certificate without certificate transparency, for an authority without a log. Clients of the public instance
    /// refuse it.
    ///
    /// # Errors
    /// If a value has no DER form.
    pub fn to_sign_unlogged(self) -> Result<UnsignedCertificate, Error> {
        self.layout.unsigned()
    }

    /// The signed precertificate.
    ///
    /// # Errors
    /// If the signature is not one of the issuing key over these bytes.
    pub fn sign_with(self, signature: Vec<u8>) -> Result<Precertificate, Error> {
        Ok(Precertificate {
            der: self.unsigned.signed(&signature)?,
            tbs: self.unsigned.bytes_to_sign().to_vec(),
            layout: self.layout,
        })
    }
}

impl Precertificate {
    /// The precertificate, DER.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// What an SCT of it signs: the certificate to come, without its SCTs.
    ///
    /// # Errors
    /// If the bytes are not those of a precertificate, which they always are.
    pub fn tbs_without_poison(&self) -> Result<Vec<u8>, Error> {
        strip_extension(&self.tbs, &oid::POISON)
    }

    /// The certificate to sign: the poison gives way to a list of SCTs (RFC 6962 §3.3, in TLS encoding), all else stays.
    ///
    /// # Errors
    /// If the list is too long for DER.
    pub fn with_scts(self, sct_list: &[u8]) -> Result<UnsignedCertificate, Error> {
        let what = "the list of scts";
        let list = OctetStringRef::new(sct_list).map_err(Error::structure(what))?;
        let mut layout = self.layout;
        layout
            .extensions
            .push(Extension::new(oid::SCT_LIST, encode(what, &list)?));
        layout.unsigned()
    }
}

/// An empty SEQUENCE: the identity stands in the subject alternative name.
const EMPTY_NAME: &[u8] = &[0x30, 0x00];
/// NULL, RFC 6962 §3.1.
const POISON_VALUE: &[u8] = &[0x05, 0x00];
