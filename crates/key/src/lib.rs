//! Public keys, algorithms, signatures and their verification.
//!
//! Specifications: the Sigstore algorithm registry (architecture-docs, `algorithm-registry.md`, protobuf-specs v0.5
//! `PublicKeyDetails`), RFC 5280 §4.1.2.7 (`SubjectPublicKeyInfo`), RFC 3279 §2.3, RFC 5480 §2 and RFC 8410 (its
//! contents), RFC 4055 §3 (RSASSA-PSS), RFC 8032 (Ed25519, Ed25519ph), FIPS 204 and RFC 9881
//! (ML-DSA), FIPS 186-5 (ECDSA), RFC 8017 (RSA PKCS #1 v1.5).
//!
//! Provided: [`PublicKey`] in DER and PEM, [`Algorithm`] and its registry names, verification over messages and over
//! digests, [`SignatureAlgorithm`] as certificates and signed data name it, [`LogId`], and PEM blocks ([`pem`]).
//!
//! # Which keys are refused
//!
//! One list for all who read a key: the authority, the logs, the verifier, and key files. A key that another client
//! cannot read would be a certificate or an entry that its monitor does not see, and a key that anybody can sign for is
//! no key.
//!
//! 1. Keys that are not RSA, an elliptic curve of NIST or Ed25519, and curves other than P-256, P-384 and P-521. Keys of ML-DSA-44
//!    and ML-DSA-65 are read where they sign, and nowhere else ([`PublicKey::from_signer_spki_der`]).
//! 2. Keys in another encoding than the one that DER has for them: RSA without its NULL parameters, a curve that is not
//!    named, Ed25519 with parameters.
//! 3. Elliptic curve points that are compressed or hybrid, at infinity, or not on their curve.
//! 4. Ed25519 points that are not on the curve, are of small order, or are not in the one encoding of RFC 8032 §5.1.2.
//! 5. RSA moduli of other sizes than 2048, 3072 and 4096 bits.
//! 6. RSA exponents that are even, smaller than 65537, or longer than 32 bits.
//! 7. RSA moduli with a prime factor below 4096.
//! 8. RSA moduli that are a power, or a product of two numbers so close that Fermat's method finds them in 100 rounds.
//! 9. RSA moduli with the fingerprint of the generator of CVE-2017-15361 (ROCA).
//!
//! An Ed25519 signature is verified strictly: its point must not be of small order either.
//!
//! Deliberately absent: private keys, which are `signer`'s; key formats other than `SubjectPublicKeyInfo` and PKCS #1;
//! keys that the registry does not list.

#![warn(clippy::indexing_slicing)]

mod algorithm;
mod ed25519;
mod error;
mod log_id;
pub mod pem;
mod public_key;
mod rsa;
mod signature_algorithm;
mod spki;

pub use algorithm::{Algorithm, HashAlgorithm};
pub use error::Error;
pub use log_id::LogId;
pub use public_key::PublicKey;
pub use signature_algorithm::SignatureAlgorithm;
