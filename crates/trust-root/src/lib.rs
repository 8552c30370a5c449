//! `TrustedRoot`, `SigningConfig` and the TUF roles that carry them to clients.
//!
//! Specifications: sigstore/protobuf-specs v0.5 (`sigstore_trustroot.proto`, read as protobuf-JSON) and the TUF
//! specification 1.0.34 §4, as the official clients read both.
//!
//! Provided: the JSON documents ([`TrustedRoot`], [`SigningConfig`], [`ClientTrustConfig`]); the one generator that
//! derives them from the instance's [`TrustState`]; the signed TUF metadata ([`tuf`]) and the files of a repository.
//!
//! Deliberately absent: files, clocks and private keys. Whoever publishes gives the time, takes the bytes to sign and
//! hands the signature back.

mod bytes;
mod error;
mod signing_config;
mod state;
mod trusted_root;
pub mod tuf;

pub use bytes::Base64Bytes;
pub use error::Error;
pub use signing_config::{
    ClientTrustConfig, Selector, Service, ServiceConfiguration, SigningConfig,
};
pub use state::{AuthorityState, LogFace, LogState, ServiceState, Target, TrustState};
pub use trusted_root::{
    CertificateAuthority, CertificateChain, DistinguishedName, LogId, PublicKey, RawCertificate,
    TimeRange, TransparencyLogInstance, TrustedRoot,
};
