//! Public keys, algorithms, signatures and their verification.
//!
//! Specifications: the Sigstore algorithm registry (architecture-docs, `algorithm-registry.md`, protobuf-specs v0.5
//! `PublicKeyDetails`), RFC 5280 §4.1.2.7 (`SubjectPublicKeyInfo`), RFC 8032 (Ed25519, Ed25519ph), FIPS 186-5 (ECDSA),
//! RFC 8017 (RSA PKCS #1 v1.5).
//!
//! Provided: [`PublicKey`] in DER and PEM, [`Algorithm`] and its registry names, verification over messages and over
//! digests, [`LogId`], and PEM blocks ([`pem`]).
//!
//! Deliberately absent: private keys, which are `signer`'s; key formats other than `SubjectPublicKeyInfo` and PKCS #1;
//! keys that the registry does not list.

#![warn(clippy::indexing_slicing)]

mod algorithm;
mod ed25519ph;
mod error;
pub mod pem;
mod public_key;

pub use algorithm::{Algorithm, HashAlgorithm};
pub use error::Error;
pub use public_key::{LogId, PublicKey};
