use sigstead_key::Algorithm;

use crate::dsse;
use crate::verifier::Verifier;

/// An entry as it was submitted. Nothing about it has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedEntry {
    /// The digest of what was signed, by the hash of the algorithm.
    pub digest: Vec<u8>,
    /// The signature over it.
    pub signature: Vec<u8>,
    /// The key that verifies it.
    pub verifier: Verifier,
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
}

impl ProposedEntry {
    /// The entry for one signature of a DSSE envelope: that over the pre-authentication encoding.
    #[must_use]
    pub fn from_dsse(
        payload_type: &str,
        payload: &[u8],
        signature: Vec<u8>,
        verifier: Verifier,
        algorithm: Algorithm,
    ) -> Self {
        let signed = dsse::pae(payload_type, payload);
        Self {
            digest: algorithm.hash().digest(&signed),
            signature,
            verifier,
            algorithm,
        }
    }
}
