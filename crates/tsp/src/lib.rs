//! Time-stamp requests and responses.
//!
//! Specifications: RFC 3161 (protocol), RFC 5816 (`signingCertificateV2`), RFC 5652 (the signed data that carries the
//! time), RFC 5035 (ESSCertIDv2).
//!
//! Provided: [`TimeStampReq`], checked as a timestamp authority must; [`TstInfo`] and [`SignedAttributes`], which give
//! the bytes to sign and take the signature back; [`TimestampToken`], a response as a verifier reads it.
//!
//! Deliberately absent: failure responses (`PKIFailureInfo`), because the clients of Sigstore expect refusals as HTTP
//! statuses; clocks and keys, which callers bring.

mod asn1;
mod error;
mod gen_time;
mod info;
mod request;
mod response;
mod token;

pub use error::Error;
pub use info::{SerialNumber, TstInfo};
pub use request::{Nonce, Policy, TimeStampReq};
pub use response::TimestampToken;
pub use token::{SignedAttributes, TimeStampResp};
