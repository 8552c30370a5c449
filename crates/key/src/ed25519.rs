//! Ed25519 and Ed25519ph (RFC 8032 §5.1), verified strictly.
//!
//! With a key or a signature point of small order one signature is right for every message: anybody could sign as the
//! key's holder, and the holder could deny everything.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::digest::typenum::U64;
use sha2::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};

use crate::error::Error;

/// Reads the 32 octets of a key.
pub(crate) fn key(raw: &[u8]) -> Result<VerifyingKey, Error> {
    let bytes =
        <[u8; 32]>::try_from(raw).map_err(|_| Error::Malformed("an ed25519 key has 32 octets"))?;
    let key = VerifyingKey::from_bytes(&bytes)
        .map_err(|_| Error::Malformed("not a key of its algorithm"))?;
    if key.is_weak() {
        return Err(Error::Weak("its point is of small order"));
    }
    // The library reads coordinates that are not reduced; other readers do not, or take them for another key.
    if key.to_edwards().compress().as_bytes() != &bytes {
        return Err(Error::Malformed("the point is not in its one encoding"));
    }
    Ok(key)
}

/// Verifies a signature over a message.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let signature = Signature::from_slice(signature).map_err(|_| Error::SignatureInvalid)?;
    key.verify_strict(message, &signature)
        .map_err(|_| Error::SignatureInvalid)
}

/// Verifies a signature over a digest that is known already.
pub(crate) fn verify_prehashed(
    key: &VerifyingKey,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let signature = Signature::from_slice(signature).map_err(|_| Error::SignatureInvalid)?;
    let digest = <[u8; 64]>::try_from(digest).map_err(|_| Error::SignatureInvalid)?;
    key.verify_prehashed_strict(Prehashed(digest), None, &signature)
        .map_err(|_| Error::SignatureInvalid)
}

/// The library asks for a hash in progress; this one is finished and only hands its result over.
struct Prehashed([u8; 64]);

impl Default for Prehashed {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl HashMarker for Prehashed {}

impl OutputSizeUser for Prehashed {
    type OutputSize = U64;
}

impl Update for Prehashed {
    fn update(&mut self, _: &[u8]) {}
}

impl FixedOutput for Prehashed {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}
