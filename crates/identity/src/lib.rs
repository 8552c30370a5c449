//! From an identity token to a [`Principal`]: issuers, claims and key sets.
//!
//! Specifications: OpenID Connect Core 1.0 and Discovery 1.0 (errata set 2), RFC 7515, 7517 and
//! 7519; the file of issuers and the subject of each issuer type are those of Fulcio v1.8.
//!
//! Provided: [`IssuersConfig`], which reads Fulcio's own `config.yaml` or `config.json` as it is;
//! [`Issuers`], which finds the issuer of a token, fetches and caches its keys through [`Fetch`],
//! verifies the token and makes its [`Principal`], with names and extensions as Fulcio makes them.
//!
//! Deliberately absent: symmetric signatures and encrypted tokens; the parts of Go's template language
//! that loop or define; a clock: the time that tokens are compared with is an argument, and the ages of
//! keys are measured with the timer of the runtime.

mod address;
mod admission;
mod certificate_uri;
mod ci_provider;
mod claims;
mod config;
mod email;
mod error;
mod examination;
mod fetch;
mod fetch_limit;
mod home_cluster;
mod http_fetch;
mod issuer_keys;
mod issuer_set;
mod issuer_state;
mod issuers;
mod key_set;
mod key_source;
mod known_keys;
mod own_extension;
mod pattern;
mod pause;
mod preset;
mod preview;
mod principal;
mod profile;
mod remembered;
mod resolver;
mod single_use;
mod spiffe_id;
mod subject_domain;
mod tally;
mod template;
mod template_fault;
#[cfg(test)]
mod testing;
mod token;
mod token_rules;
mod trust_domain;

pub use address::{PrivateAddress, Reach};
pub use claims::path::PathFault;
pub use config::{
    AlsoConfig, CiIssuerMetadata, ConfigWarning, IssuerConfig, IssuerType, IssuersConfig,
    PinnedKeys,
};
pub use error::{CiProviderFault, ConfigFault, Error};
pub use examination::{Check, Examination, RuleOutcome};
pub use fetch::{DocumentRequest, Fetch, FetchError, MAX_DOCUMENT_BYTES, NamedBy};
pub use home_cluster::HomeCluster;
pub use http_fetch::{FetchOptions, HttpFetch};
pub use issuer_state::{Failing, IssuerLocation, IssuerState, KeyState};
pub use issuers::{ConfiguredIssuer, Issuers};
pub use key_source::published_keys;
pub use preset::{Parameter, Preset, PresetFault, PresetIssuer};
pub use preview::Preview;
pub use principal::Principal;
pub use single_use::SingleUse;
pub use tally::Counts;
pub use template_fault::TemplateFault;
pub use token::MAX_TOKEN_BYTES;
