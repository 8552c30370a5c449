//! The typed configuration of every service.
//!
//! One YAML file per service; the formats of its values are those of RFC 3986 (URLs), RFC 4291
//! (addresses), C2SP signed-note (origins) and this crate's own periods (`10m`, `7d`).
//!
//! Provided: one `Config` per service, composed of the parts that the crates below own
//! ([`sigstead_kit::Listeners`], [`sigstead_kit::TelemetryConfig`], [`sigstead_signer::KeyConfig`], [`sigstead_store::StoreConfig`]),
//! read by the service with [`sigstead_kit::read_config`] and written by `sigctl` with [`to_yaml`]. Every
//! struct refuses unknown fields, and every field says what it means, its unit, its default and
//! what goes wrong.
//!
//! Absent on purpose: secrets, which stand in files that the configuration names; the issuers of
//! the certificate authority, which keep the format of Fulcio's own file and belong to `identity`;
//! environment overrides.

use serde::Serialize;

mod access;
mod authority;
pub mod ca;
pub mod ctlog;
mod issuer;
pub mod oidc;
pub mod opened_logs;
mod origin;
mod schema;
pub mod successors;
pub mod tlog;
pub mod tsa;
pub mod tuf;

pub use access::ACCESS;
pub use issuer::{IssuerUrl, ParseIssuerUrlError};
pub use origin::{Origin, ParseOriginError};
pub use schema::{Schemas, schemas};

/// A configuration that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value has no form in YAML, such as a path that is not UTF-8.
    #[error("cannot write the configuration as yaml")]
    Encode(#[source] serde_yaml::Error),
}

/// The file of a configuration, as [`sigstead_kit::read_config`] reads it back.
///
/// # Errors
/// A path in it is not UTF-8.
pub fn to_yaml<T: Serialize>(config: &T) -> Result<String, Error> {
    serde_yaml::to_string(config).map_err(Error::Encode)
}
