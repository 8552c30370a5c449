//! `TrustedRoot`, `SigningConfig` and the TUF roles that carry them to clients.
//!
//! Specifications: sigstore/protobuf-specs v0.5 (`sigstore_trustroot.proto`, read as ProtoJSON) and the TUF
//! specification 1.0.34 §4, as the official clients read both.
//!
//! Provided: the JSON documents ([`TrustedRoot`], [`SigningConfig`], [`ClientTrustConfig`]); the one generator that
//! derives them from the instance's [`TrustState`]; the signed TUF metadata ([`tuf`]) and the files of a repository; what
//! the next [`Publication`] of a state writes, and that it takes nothing back; what strict clients would refuse in it
//! ([`faults`]); of which publication the page for clients is ([`ClientPage`]).
//!
//! Deliberately absent: files, clocks and private keys. The caller gives the time, takes the bytes to sign and hands the
//! signature back.

mod authorities;
mod client_page;
mod encode;
pub mod enumeration;
mod error;
mod fault;
mod gap;
mod history;
mod issuers;
mod logs;
mod publication;
mod signing_config;
mod single_file;
mod state;
mod target;
mod trusted_root;
pub mod tuf;

pub use authorities::{AuthorityChains, AuthorityState};
pub use client_page::ClientPage;
pub use error::Error;
pub use fault::{Fault, faults};
pub use gap::{Gap, gaps};
pub use history::check_history;
pub use issuers::{BrowserIssuers, Place, ServiceState};
pub use logs::{LogFace, LogState};
pub use publication::{Publication, Published, Term};
pub use signing_config::{
    ClientTrustConfig, Selector, Service, ServiceConfiguration, SigningConfig,
};
pub use sigstead_protojson::Base64Bytes;
pub use state::TrustState;
pub use target::Target;
pub use trusted_root::{
    CertificateAuthority, CertificateChain, DistinguishedName, LogId, PublicKey, RawCertificate,
    TimeRange, TransparencyLogInstance, TrustedRoot,
};
