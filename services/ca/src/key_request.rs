use sigstead_identity::Principal;
use sigstead_key::PublicKey;
use sigstead_x509::CertificateRequest;

use crate::Error;

/// A key that somebody wants certified, and the proof that it is theirs, not yet looked at.
pub enum KeyRequest {
    /// A public key, and a signature with it over the principal's name.
    PublicKey {
        /// The key.
        key: PublicKey,
        /// The signature.
        proof_of_possession: Vec<u8>,
    },
    /// A certification request, which signs itself. What else it asks for is ignored: who the
    /// certificate is for follows from the token alone.
    CertificateRequest(CertificateRequest),
}

/// A public key whose holder proved to have the private half. Only
/// [`KeyRequest::prove_possession`] makes one.
pub struct ProvenKey(PublicKey);

impl KeyRequest {
    /// Reads a public key in PEM or DER.
    ///
    /// # Errors
    /// [`Error::KeyMalformed`], or [`Error::KeyInsecure`] for a key that others could break.
    pub fn public_key(content: &[u8], proof_of_possession: Vec<u8>) -> Result<Self, Error> {
        let key = PublicKey::from_pem_or_der(content).map_err(refused_key)?;
        Ok(Self::PublicKey {
            key,
            proof_of_possession,
        })
    }

    /// Reads a certification request in PEM or DER.
    ///
    /// # Errors
    /// [`Error::CertificateRequestMalformed`], or [`Error::KeyInsecure`] for a key that others could
    /// break.
    pub fn certificate_request(content: &[u8]) -> Result<Self, Error> {
        match CertificateRequest::from_pem_or_der(content) {
            Ok(request) => Ok(Self::CertificateRequest(request)),
            Err(sigstead_x509::Error::PublicKey(refused @ sigstead_key::Error::Weak(_))) => {
                Err(refused_key(refused))
            }
            Err(malformed) => Err(Error::CertificateRequestMalformed(malformed)),
        }
    }

    /// Checks that whoever presented the token has the private key. Without it, anybody's public key
    /// could be certified as the principal's, who could then claim what others signed.
    ///
    /// # Errors
    /// [`Error::PossessionUnproven`].
    pub fn prove_possession(self, principal: &Principal) -> Result<ProvenKey, Error> {
        match self {
            // Ed25519 keys sign the name itself: clients use the pre-hashed variant for artifacts only.
            Self::PublicKey {
                key,
                proof_of_possession,
            } => key
                .verify(principal.name().as_bytes(), &proof_of_possession)
                .map(|()| ProvenKey(key))
                .map_err(|_| Error::PossessionUnproven(principal.expected_proof())),
            Self::CertificateRequest(request) => request
                .verify()
                .map(ProvenKey)
                .map_err(|_| Error::PossessionUnproven(REQUEST_UNSIGNED.to_owned())),
        }
    }
}

impl ProvenKey {
    /// The key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0
    }
}

fn refused_key(refused: sigstead_key::Error) -> Error {
    match refused {
        sigstead_key::Error::Weak(_) => Error::KeyInsecure(refused),
        _ => Error::KeyMalformed(refused),
    }
}

const REQUEST_UNSIGNED: &str = "expected a certification request that is signed with its own key";
