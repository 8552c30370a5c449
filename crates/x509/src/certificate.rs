//! A certificate that was made by somebody, with its bytes as they came.

use std::fmt;
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use der::asn1::OctetStringRef;
use sigstead_key::{HashAlgorithm, PublicKey, SignatureAlgorithm, pem};
use time::OffsetDateTime;

use crate::structure::{CertificateSequence, TbsSequence, VERSION_3, decode, encode};
use crate::usual::UsualExtensions;
use crate::{
    Error, ExtendedKeyUsage, Extension, FulcioExtensions, KeyUsage, Name, SubjectAlternativeName,
    Validity, oid, san,
};

/// A certificate. Its structure and its usual extensions are well formed; nothing else about it has been checked. Copies
/// share what was read.
#[derive(Clone)]
pub struct Certificate(Arc<Content>);

struct Content {
    der: Vec<u8>,
    /// Computed when it is first asked for.
    sha256: OnceLock<[u8; 32]>,
    tbs: Vec<u8>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    validity: Validity,
    public_key: PublicKey,
    extensions: Vec<Extension>,
    usual: UsualExtensions,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// If it is malformed, is larger or has more extensions than a certificate in use, has an extension twice, or its
    /// key is refused.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(Error::TooMany {
                what: "octets in a certificate",
                most: MAX_CERTIFICATE_BYTES,
            });
        }
        let outer: CertificateSequence<'_> = decode(WHAT, der)?;
        let tbs_der = encode(WHAT, &outer.tbs)?;
        let tbs: TbsSequence<'_> = decode(WHAT, &tbs_der)?;
        // RFC 5280 §4.1.1.2: both places name the same algorithm. Only the inner one is signed.
        if tbs.signature_algorithm != outer.signature_algorithm {
            return Err(Error::AlgorithmMismatch);
        }
        tbs.check_kept()?;
        let extensions = tbs.extensions.map(Extension::read_list).transpose()?;
        let extensions = extensions.unwrap_or_default();
        if !extensions.is_empty() && tbs.version != VERSION_3 {
            return Err(Error::Malformed("extensions are for version 3"));
        }
        let spki = encode(WHAT, &tbs.subject_public_key_info)?;
        let content = Content {
            der: der.to_vec(),
            sha256: OnceLock::new(),
            signature_algorithm: encode(WHAT, &outer.signature_algorithm)?,
            signature: outer
                .signature
                .as_bytes()
                .ok_or(Error::Malformed("the signature"))?
                .to_vec(),
            serial: tbs.serial.value().to_vec(),
            issuer: encode(WHAT, &tbs.issuer)?,
            subject: encode(WHAT, &tbs.subject)?,
            validity: Validity::from_sequence(tbs.validity)?,
            public_key: PublicKey::from_spki_der(&spki).map_err(Error::PublicKey)?,
            usual: UsualExtensions::read(&extensions)?,
            extensions,
            tbs: tbs_der.clone(),
        };
        Ok(Self(Arc::new(content)))
    }

    /// Reads a `CERTIFICATE` block, with lines of any length.
    ///
    /// # Errors
    /// As [`Self::from_der`], or if it is no such block.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        match pem::decode(text) {
            Ok((PEM_LABEL, der)) => Self::from_der(&der),
            _ => Err(Error::Pem(WHAT)),
        }
    }

    /// Reads all blocks of a file, at least one.
    ///
    /// # Errors
    /// As [`Self::from_pem`], or if any block is not a certificate.
    pub fn chain_from_pem(text: &str) -> Result<Vec<Self>, Error> {
        let blocks = pem::decode_all(text).map_err(|_| Error::Pem(WHAT))?;
        blocks
            .into_iter()
            .map(|(label, der)| match label {
                PEM_LABEL => Self::from_der(&der),
                _ => Err(Error::Pem(WHAT)),
            })
            .collect()
    }

    /// The certificate's bytes, as they came.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the certificate's bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        *self.0.sha256.get_or_init(|| {
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(&HashAlgorithm::Sha256.digest(&self.0.der));
            sha256
        })
    }

    /// PEM with lines of 64 columns and a final newline.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(PEM_LABEL, &self.0.der)
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        &self.0.tbs
    }

    /// The key that it certifies.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// The content of the serial number's INTEGER.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The subject's name, DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.0.subject
    }

    /// The issuer's name, DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    /// Organization and common name of the subject; empty where it has none.
    #[must_use]
    pub fn subject_name(&self) -> Name {
        Name::from_der(&self.0.subject).unwrap_or_default()
    }

    /// The first and the last second.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.0.validity
    }

    /// The first second.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.0.validity.not_before
    }

    /// The last second.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.validity.not_after
    }

    /// All extensions, in order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.0.extensions
    }

    /// The content of one extension.
    #[must_use]
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&[u8]> {
        self.0
            .extensions
            .iter()
            .find(|each| each.oid == *oid)
            .map(|each| each.value.as_slice())
    }

    /// Whether it is an authority's (basicConstraints).
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.0.usual.is_ca
    }

    /// How many authorities may follow it in a chain; none means any number.
    #[must_use]
    pub fn path_length(&self) -> Option<u8> {
        self.0.usual.path_length
    }

    /// What its key may do; none means anything.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.usual.key_usage
    }

    /// What it is for; none means anything.
    #[must_use]
    pub fn extended_key_usages(&self) -> Option<&[ObjectIdentifier]> {
        self.0.usual.extended_key_usages.as_deref()
    }

    /// Whether it says that it is for `usage`.
    #[must_use]
    pub fn is_for(&self, usage: ExtendedKeyUsage) -> bool {
        self.extended_key_usages()
            .is_some_and(|usages| usages.contains(&usage.oid()))
    }

    /// Whether an authority may issue certificates for `usage`: one that says nothing may issue for anything.
    #[must_use]
    pub fn may_issue_for(&self, usage: ExtendedKeyUsage) -> bool {
        self.extended_key_usages().is_none_or(|usages| {
            usages.contains(&usage.oid()) || usages.contains(&oid::ANY_EXTENDED_KEY_USAGE)
        })
    }

    /// How certificates that it issued name its key.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.usual.subject_key_id.as_deref()
    }

    /// How it names its issuer's key.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.usual.authority_key_id.as_deref()
    }

    /// The identities among its subject alternative names.
    ///
    /// # Errors
    /// If the extension is malformed.
    pub fn identities(&self) -> Result<Vec<SubjectAlternativeName>, Error> {
        self.extension(&oid::SUBJECT_ALTERNATIVE_NAME)
            .map_or_else(|| Ok(Vec::new()), san::identities)
    }

    /// The DNS names and IP addresses among its subject alternative names.
    ///
    /// # Errors
    /// If the extension is malformed.
    pub fn hosts(&self) -> Result<Vec<String>, Error> {
        self.extension(&oid::SUBJECT_ALTERNATIVE_NAME)
            .map_or_else(|| Ok(Vec::new()), san::hosts)
    }

    /// The Fulcio extensions.
    ///
    /// # Errors
    /// If one is malformed, none names an issuer, or two name different ones.
    pub fn fulcio(&self) -> Result<FulcioExtensions, Error> {
        FulcioExtensions::read(|oid| self.extension(oid))
    }

    /// The list of SCTs (RFC 6962 §3.3), in TLS encoding.
    ///
    /// # Errors
    /// If the extension is missing or is not an OCTET STRING.
    pub fn sct_list(&self) -> Result<&[u8], Error> {
        let content = self
            .extension(&oid::SCT_LIST)
            .ok_or(Error::ExtensionMissing(oid::SCT_LIST))?;
        Ok(decode::<&OctetStringRef>("the list of scts", content)?.as_bytes())
    }

    /// Checks that `issuer` bears the name of this certificate's issuer, and that its key made the signature. Whether
    /// it may issue is for [`crate::verify_chain`] to say.
    ///
    /// # Errors
    /// If the name or the algorithm is another one, or the signature does not verify.
    pub fn verify_signed_by(&self, issuer: &Self) -> Result<(), Error> {
        if self.0.issuer != issuer.0.subject {
            return Err(Error::IssuerMismatch);
        }
        // The hash is the issuer's choice, not that of the key: many authorities sign with P-384 and SHA-256, or with
        // RSA and SHA-512.
        let stated = SignatureAlgorithm::from_der(&self.0.signature_algorithm)
            .map_err(|_| Error::AlgorithmMismatch)?;
        issuer
            .0
            .public_key
            .verify_signed_with(stated, &self.0.tbs, &self.0.signature)
            .map_err(|error| match error {
                sigstead_key::Error::AlgorithmMismatch(_) => Error::AlgorithmMismatch,
                other => Error::SignatureInvalid(other),
            })
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate(serial ")?;
        self.0
            .serial
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ")")
    }
}

/// Certificates in use have a few thousand octets. Who sends one chooses its size, and a reader pays for all of it.
const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;

const WHAT: &str = "a certificate";
const PEM_LABEL: &str = "CERTIFICATE";
