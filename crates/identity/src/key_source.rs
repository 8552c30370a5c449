//! Where the keys of an issuer come from, and how they are read there.

use serde::Deserialize;
use url::Url;

use crate::address::Reach;
use crate::config::IssuerConfig;
use crate::error::Error;
use crate::fetch::{DocumentRequest, Fetch};
use crate::key_set::KeySet;

/// The place of an issuer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeySource {
    issuer: String,
    ca_cert: String,
    reach: Reach,
}

/// OpenID Connect Discovery 1.0 §3, as far as it is used.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
}

impl KeySource {
    /// The source of an issuer. `reach` says which addresses the issuer itself may have.
    pub(crate) fn new(issuer: &IssuerConfig, reach: Reach) -> Self {
        Self {
            issuer: issuer.issuer_url.clone(),
            ca_cert: issuer.ca_cert.clone(),
            reach,
        }
    }

    /// The issuer whose keys these are.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// OpenID Connect Discovery 1.0 §4, then the key set that it names.
    pub(crate) async fn fetch(&self, fetch: &dyn Fetch) -> Result<KeySet, Error> {
        let location = self.discovery_url()?;
        let document = self.get(fetch, &location, self.reach).await?;
        let discovery: Discovery = serde_json::from_slice(&document).map_err(|_| {
            self.unusable(
                DISCOVERY,
                "it is not a json object with issuer and jwks_uri",
            )
        })?;
        // §4.3: byte for byte, or one issuer could speak for another.
        if discovery.issuer != self.issuer {
            return Err(self.unusable(DISCOVERY, "it is of another issuer"));
        }
        let supported = match discovery.id_token_signing_alg_values_supported {
            none if none.is_empty() => vec![DEFAULT_ALGORITHM.to_owned()],
            listed => listed,
        };
        let keys = Url::parse(&discovery.jwks_uri)
            .ok()
            .filter(|url| url.scheme() == "https" || url.scheme() == location.scheme())
            .ok_or_else(|| {
                self.unusable(DISCOVERY, "jwks_uri is not a url as safe as the issuer's")
            })?;
        let reach = self.reach_of_keys(&location, &keys);
        let document = self.get(fetch, &keys, reach).await?;
        KeySet::parse(&document, &supported).map_err(|reason| self.unusable(KEY_SET, reason))
    }

    fn discovery_url(&self) -> Result<Url, Error> {
        let issuer = self.issuer.trim_end_matches('/');
        Url::parse(&format!("{issuer}/.well-known/openid-configuration"))
            .map_err(|_| self.unusable(DISCOVERY, "its url is malformed"))
    }

    /// The issuer's answer chose the URL of the keys: it may name the issuer's own host, which the
    /// operator chose, or one of the internet.
    fn reach_of_keys(&self, location: &Url, keys: &Url) -> Reach {
        if location.host() == keys.host() {
            self.reach
        } else {
            Reach::Public
        }
    }

    async fn get(&self, fetch: &dyn Fetch, url: &Url, reach: Reach) -> Result<Vec<u8>, Error> {
        let request = DocumentRequest {
            url,
            ca_cert: &self.ca_cert,
            reach,
            bearer: None,
        };
        fetch
            .fetch(request)
            .await
            .map_err(|source| Error::IssuerUnavailable {
                issuer: self.issuer.clone(),
                source,
            })
    }

    fn unusable(&self, document: &'static str, reason: &'static str) -> Error {
        Error::IssuerDocument {
            issuer: self.issuer.clone(),
            document,
            reason,
        }
    }
}

const DISCOVERY: &str = "discovery document";
const KEY_SET: &str = "key set";

/// OpenID Connect Discovery 1.0 §3: the one algorithm that every issuer supports.
const DEFAULT_ALGORITHM: &str = "RS256";
