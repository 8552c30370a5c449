use sigstead_key::{Algorithm, PublicKey};
use sigstead_x509::Certificate;

use crate::Error;

/// What verifies the signature of an entry, as the bytes that were submitted: they stand in the
/// leaf unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verifier {
    /// A `SubjectPublicKeyInfo`, in DER.
    PublicKey(Vec<u8>),
    /// A certificate, in DER.
    Certificate(Vec<u8>),
}

impl Verifier {
    /// Reads the key.
    ///
    /// # Errors
    /// The bytes are not a key or a certificate, or the key is weak.
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        match self {
            Self::PublicKey(der) => PublicKey::from_spki_der(der).map_err(Error::PublicKey),
            Self::Certificate(der) => {
                let certificate = Certificate::from_der(der).map_err(Error::Certificate)?;
                Ok(certificate.public_key().clone())
            }
        }
    }
}

/// The algorithm that entries name for a key: the key's own, but that Ed25519 keys sign digests.
pub(crate) fn algorithm_for(key: &PublicKey) -> Algorithm {
    match key.algorithm() {
        Algorithm::Ed25519 => Algorithm::Ed25519Ph,
        algorithm => algorithm,
    }
}
