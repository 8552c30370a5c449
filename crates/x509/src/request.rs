//! Certification requests (RFC 2986), of which only the key and the proof that it is held count.

use der::Sequence;
use der::asn1::{AnyRef, BitStringRef};
use sigstead_key::{PublicKey, pem};

use crate::Error;
use crate::splice::Element;
use crate::structure::{decode, encode, signature_algorithm};

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

#[derive(Sequence)]
struct RequestSequence<'a> {
    information: AnyRef<'a>,
    signature_algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

const WHAT: &str = "a certificate request";
