//! Certification requests (RFC 2986), of which only the key and the proof that it is held count.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, BitStringRef, SetOfVec};
use der::{Sequence, Tag, TagNumber};
use sigstead_key::{PublicKey, pem};

use crate::authority::extensions_of;
use crate::error::Error;
use crate::lint::Rank;
use crate::name::Name;
use crate::splice::{Element, wrap};
use crate::structure::{decode, encode, signature_algorithm};
use crate::tbs::sequence;

/// A request. Its subject and attributes are not read: the identity comes from elsewhere.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    information: Vec<u8>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
    public_key: PublicKey,
}

impl CertificateRequest {
    /// Reads a request, from PEM of either label if it looks like PEM, else from DER.
    ///
    /// # Errors
    /// If it is malformed or its key is refused.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self, Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN ") => match pem::decode(text) {
                Ok(("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST", der)) => {
                    Self::from_der(&der)
                }
                _ => Err(Error::Pem("a certificate request")),
            },
            _ => Self::from_der(bytes),
        }
    }

    /// Checks the request's signature of itself, and gives the key whose possession it proves.
    ///
    /// # Errors
    /// If the algorithm is not the one for the key, or the signature does not verify.
    pub fn verify(&self) -> Result<PublicKey, Error> {
        if self.signature_algorithm != signature_algorithm(self.public_key.algorithm())? {
            return Err(Error::AlgorithmMismatch);
        }
        self.public_key
            .verify(&self.information, &self.signature)
            .map_err(Error::SignatureInvalid)?;
        Ok(self.public_key.clone())
    }

    fn from_der(der: &[u8]) -> Result<Self, Error> {
        let request: RequestSequence<'_> = decode(WHAT, der)?;
        // Version, subject, key; the attributes after them have as many forms as there are clients.
        let content = request.information.value();
        let (_, content) = Element::split(content)?;
        let (_, content) = Element::split(content)?;
        let (spki, _) = Element::split(content)?;
        let signature = request
            .signature
            .as_bytes()
            .ok_or(Error::Malformed("the signature"))?;
        Ok(Self {
            information: encode(WHAT, &request.information)?,
            signature_algorithm: encode(WHAT, &request.signature_algorithm)?,
            signature: signature.to_vec(),
            public_key: PublicKey::from_spki_der(spki.whole).map_err(Error::PublicKey)?,
        })
    }
}

/// A request that is to be signed with the key that it is for.
#[derive(Debug, Clone)]
pub struct UnsignedRequest {
    information: Vec<u8>,
    public_key: PublicKey,
}

impl UnsignedRequest {
    /// A request for a certificate of this key, without a subject and without attributes.
    ///
    /// # Errors
    /// If the key has no DER form.
    pub fn new(public_key: &PublicKey) -> Result<Self, Error> {
        Self::of(public_key, &[0x30, 0], &[])
    }

    /// A request for a certificate of an authority's chain. The subject and the extensions in its attributes (RFC 2985 §5.4.2)
    /// are what whoever issues it should take over.
    ///
    /// # Errors
    /// If the key or a name has no DER form.
    pub fn of_authority(public_key: &PublicKey, subject: &Name, rank: Rank) -> Result<Self, Error> {
        let extensions = extensions_of(rank)?;
        let extensions: Result<Vec<_>, Error> = extensions.iter().map(sequence).collect();
        let extensions = encode(WHAT, &extensions?)?;
        let values = vec![decode(WHAT, &extensions)?];
        let attribute = Attribute {
            oid: EXTENSION_REQUEST,
            values: SetOfVec::try_from(values).map_err(Error::structure(WHAT))?,
        };
        Self::of(public_key, &subject.to_der()?, &encode(WHAT, &attribute)?)
    }

    fn of(public_key: &PublicKey, subject: &[u8], attributes: &[u8]) -> Result<Self, Error> {
        // Version 0, the subject, the key, the attributes.
        let attributes = wrap(ATTRIBUTES, attributes)?;
        let content = [&[2, 1, 0], subject, public_key.spki_der(), &attributes].concat();
        let information = AnyRef::new(Tag::Sequence, &content).map_err(Error::structure(WHAT))?;
        Ok(Self {
            information: encode(WHAT, &information)?,
            public_key: public_key.clone(),
        })
    }

    /// What the key signs.
    #[must_use]
    pub fn bytes_to_sign(&self) -> &[u8] {
        &self.information
    }

    /// The request, PEM.
    ///
    /// # Errors
    /// If the signature is not the key's.
    pub fn sign_with(self, signature: &[u8]) -> Result<String, Error> {
        self.public_key
            .verify(&self.information, signature)
            .map_err(Error::SignatureInvalid)?;
        let algorithm = signature_algorithm(self.public_key.algorithm())?;
        let request = RequestSequence {
            information: decode(WHAT, &self.information)?,
            signature_algorithm: decode(WHAT, &algorithm)?,
            signature: BitStringRef::from_bytes(signature).map_err(Error::structure(WHAT))?,
        };
        Ok(pem::encode("CERTIFICATE REQUEST", &encode(WHAT, &request)?))
    }
}

#[derive(Sequence)]
struct Attribute<'a> {
    oid: ObjectIdentifier,
    values: SetOfVec<AnyRef<'a>>,
}

#[derive(Sequence)]
struct RequestSequence<'a> {
    information: AnyRef<'a>,
    signature_algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

const WHAT: &str = "a certificate request";
/// extensionRequest, RFC 2985 §5.4.2.
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const ATTRIBUTES: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};
