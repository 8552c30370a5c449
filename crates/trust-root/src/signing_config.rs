//! `signing_config.v0.2.json`: which services a client signs with, and the file that joins it to the trusted root.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use sigstead_protojson::{Unknown, enumeration};

use crate::encode::encode;
use crate::error::Error;
use crate::trusted_root::{TimeRange, TrustedRoot};

/// The services of an instance (`dev.sigstore.trustroot.v1.SigningConfig`).
///
/// Only services in use are listed, and logs that are about to be: some clients ignore the validity and take the newest
/// start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SigningConfig {
    /// Always [`SigningConfig::MEDIA_TYPE`].
    pub media_type: String,
    /// Certificate authorities.
    #[serde(default)]
    pub ca_urls: Vec<Service>,
    /// Issuers of identity tokens.
    #[serde(default)]
    pub oidc_urls: Vec<Service>,
    /// Signature transparency logs.
    #[serde(default)]
    pub rekor_tlog_urls: Vec<Service>,
    /// How many logs to use.
    pub rekor_tlog_config: ServiceConfiguration,
    /// Timestamp authorities, each with its full path.
    #[serde(default)]
    pub tsa_urls: Vec<Service>,
    /// How many timestamp authorities to use.
    pub tsa_config: ServiceConfiguration,
}

impl SigningConfig {
    /// The media type of version 0.2.
    pub const MEDIA_TYPE: &'static str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

    /// Reads the document.
    ///
    /// # Errors
    /// If it is not JSON of this shape, has unknown members, or another media type.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        const DOCUMENT: &str = "signing_config.v0.2.json";
        let config: Self =
            sigstead_protojson::from_slice(json, Unknown::Refuse).map_err(|source| {
                Error::NotProtoJson {
                    document: DOCUMENT,
                    source,
                }
            })?;
        if config.media_type != Self::MEDIA_TYPE {
            return Err(Error::MediaType {
                document: DOCUMENT,
                found: config.media_type,
                expected: Self::MEDIA_TYPE,
            });
        }
        Ok(config)
    }

    /// Writes the document, indented, with a final newline.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Service {
    /// The URL that is dialled, without a trailing slash.
    pub url: String,
    /// The API version; 1 for the certificate authority means its v2 REST face.
    pub major_api_version: u32,
    /// When the service is in use.
    #[serde(default)]
    pub valid_for: TimeRange,
    /// Who runs it.
    #[serde(default)]
    pub operator: String,
}

/// How a client chooses among services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceConfiguration {
    /// The rule.
    pub selector: Selector,
    /// How many, with [`Selector::Exact`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

impl ServiceConfiguration {
    /// Any one service will do; the only rule that every client has.
    pub const ANY: Self = Self {
        selector: Selector::Any,
        count: None,
    };
}

/// The rules of choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Selector {
    /// Every service.
    All,
    /// One of them.
    Any,
    /// As many as the count says.
    Exact,
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = enumeration::deserialize(deserializer, SELECTOR)?;
        match name.as_str() {
            "ALL" => Ok(Self::All),
            "ANY" => Ok(Self::Any),
            "EXACT" => Ok(Self::Exact),
            other => Err(D::Error::custom(format_args!(
                "{other:?} is no rule of choice"
            ))),
        }
    }
}

/// Trusted root and signing config in one file (`dev.sigstore.trustroot.v1.ClientTrustConfig`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientTrustConfig {
    /// Always [`ClientTrustConfig::MEDIA_TYPE`].
    pub media_type: String,
    /// Whose signatures count.
    pub trusted_root: TrustedRoot,
    /// Which services to sign with.
    pub signing_config: SigningConfig,
}

impl ClientTrustConfig {
    /// The media type of version 0.1.
    pub const MEDIA_TYPE: &'static str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

    /// Joins the two documents.
    #[must_use]
    pub fn new(trusted_root: TrustedRoot, signing_config: SigningConfig) -> Self {
        Self {
            media_type: Self::MEDIA_TYPE.to_owned(),
            trusted_root,
            signing_config,
        }
    }

    /// Writes the document, indented, with a final newline.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

const SELECTOR: &enumeration::Values = &[
    (0, "SERVICE_SELECTOR_UNDEFINED"),
    (1, "ALL"),
    (2, "ANY"),
    (3, "EXACT"),
];
