//! Certificates: read, checked, and laid out for signing, with the Sigstore extensions.
//!
//! Specifications: RFC 5280 (certificates and their paths), RFC 2986 (requests), RFC 6962 §3.1 and §3.3 (poison and SCT
//! list), RFC 7093 §2 (key identifiers), RFC 3161 §2.3 (timestamping certificates), and Fulcio's `oid-info.md` and
//! `certificate-specification.md` of v1.8.8.
//!
//! Provided: [`Certificate`], which keeps its bytes; [`CertificateRequest`]; the profiles of the instance
//! ([`LeafProfile`], [`CaProfile`], [`TimestampingProfile`], [`TlsProfile`]), each giving bytes to sign and taking the
//! signature back; [`verify_chain`]; [`check_brought`], for a chain that others issued;
//! [`lint_signing_certificate`] and [`lint_authority_certificate`], which know nothing of the profiles; [`strip_extension`] on bytes that stay as they are.
//!
//! Deliberately absent: private keys, clocks and randomness, which are arguments; revocation, which certificates of ten
//! minutes do without; policies, which nobody here asks for, so that they are not looked at (RFC 5280 §6.1.1 (c) and (e)),
//! and an authority that demands them is refused.

#![warn(clippy::indexing_slicing)]

mod authority;
mod brought;
mod certificate;
mod chain;
mod error;
mod extension;
mod fulcio;
mod leaf;
mod lint;
mod name;
mod name_constraints;
pub mod oid;
mod request;
mod san;
mod serial;
mod splice;
mod structure;
mod tbs;
mod usual;
mod validity;

pub use authority::{CaKind, CaProfile, TimestampingProfile, TlsProfile, TlsRole};
pub use brought::{Rule, Unfit, Wanted, check_brought};
pub use certificate::Certificate;
pub use chain::verify_chain;
pub use const_oid::ObjectIdentifier;
pub use error::Error;
pub use extension::{ExtendedKeyUsage, Extension, KeyUsage};
pub use fulcio::{FulcioExtensions, OwnExtension};
pub use leaf::{LeafProfile, Precertificate, PrecertificateTbs, TbsCertificate};
pub use lint::{Form, Rank, lint_authority_certificate, lint_signing_certificate};
pub use name::Name;
pub use name_constraints::{check_name_constraints, check_permitted};
pub use request::{CertificateRequest, UnsignedRequest};
pub use san::SubjectAlternativeName;
pub use serial::SerialNumber;
pub use splice::strip_extension;
pub use tbs::UnsignedCertificate;
pub use validity::Validity;
