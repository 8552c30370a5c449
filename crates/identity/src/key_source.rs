//! Where the keys of an issuer come from, and how they are read there.

use serde::Deserialize;
use url::Url;

use crate::address::Reach;
use crate::config::{IssuerConfig, IssuerType};
use crate::error::{ConfigFault, Error};
use crate::fetch::{DocumentRequest, Fetch, FetchError, NamedBy};
use crate::home_cluster::{self, HomeCluster};
use crate::key_set::KeySet;

/// The place of an issuer's keys. Two that are equal give equal keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeySource {
    issuer: String,
    ca_cert: String,
    reach: Reach,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The discovery document of the issuer names it.
    Discovery,
    /// The operator wrote its URL.
    KeySet(Url),
    /// The operator wrote the keys themselves.
    Pinned(String),
    /// The issuer is the cluster that this service runs in, if it runs in one.
    HomeCluster,
}

/// A key set, and the algorithms that the issuer says it signs with.
type Published = (Vec<u8>, Option<Vec<String>>);

/// The key set of an issuer as it publishes it now, for an operator who pins it. It was read and has usable keys.
///
/// # Errors
/// The issuer cannot be asked, or its keys cannot be used.
pub async fn published_keys(issuer: &IssuerConfig, fetch: &dyn Fetch) -> Result<String, Error> {
    let asked = IssuerConfig {
        jwks: None,
        jwks_file: None,
        ..issuer.clone()
    };
    let source = KeySource::new(&asked, Reach::Anywhere);
    let (document, supported) = source.published(fetch, None).await?;
    source.read(&document, supported.as_deref())?;
    // JSON is UTF-8; what was read is.
    Ok(String::from_utf8_lossy(&document).into_owned())
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
    pub(crate) fn new(config: &IssuerConfig, reach: Reach) -> Self {
        Self {
            issuer: config.issuer_url.clone(),
            ca_cert: config.ca_cert.clone(),
            reach,
            place: Place::of(config),
        }
    }

    /// The issuer whose keys these are.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Only the operator may name an issuer that may be anywhere.
    pub(crate) fn named_by(&self) -> NamedBy {
        match self.reach {
            Reach::Anywhere => NamedBy::Operator,
            Reach::Public => NamedBy::Token,
        }
    }

    /// The keys, if the operator wrote them.
    pub(crate) fn pinned(&self) -> Option<Result<KeySet, ConfigFault>> {
        let Place::Pinned(keys) = &self.place else {
            return None;
        };
        Some(KeySet::parse(keys.as_bytes(), None).map_err(ConfigFault::PinnedKeysUnusable))
    }

    /// The keys as the issuer publishes them now.
    pub(crate) async fn fetch(
        &self,
        fetch: &dyn Fetch,
        home: Option<&HomeCluster>,
    ) -> Result<KeySet, Error> {
        let (document, supported) = self.published(fetch, home).await?;
        self.read(&document, supported.as_deref())
    }

    /// The key set as the issuer publishes it now, and the algorithms that it names elsewhere.
    async fn published(
        &self,
        fetch: &dyn Fetch,
        home: Option<&HomeCluster>,
    ) -> Result<Published, Error> {
        match (&self.place, home) {
            (Place::KeySet(url), _) => {
                let document = self.get(fetch, self.request(url, self.reach)).await?;
                Ok((document, None))
            }
            (Place::HomeCluster, Some(home)) => self.fetch_from_cluster(fetch, home).await,
            (Place::Discovery | Place::HomeCluster | Place::Pinned(_), _) => {
                self.discover(fetch).await
            }
        }
    }

    /// OpenID Connect Discovery 1.0 §4, then the key set that it names.
    async fn discover(&self, fetch: &dyn Fetch) -> Result<Published, Error> {
        let issuer = self.issuer.trim_end_matches('/');
        let location = Url::parse(&format!("{issuer}/.well-known/openid-configuration"))
            .map_err(|_| self.unusable(DISCOVERY, "its url is malformed"))?;
        let document = self.get(fetch, self.request(&location, self.reach)).await?;
        let discovery = self.read_discovery(&document)?;
        let keys = Url::parse(&discovery.jwks_uri)
            .ok()
            .filter(|url| url.scheme() == "https" || url.scheme() == location.scheme())
            .ok_or_else(|| {
                self.unusable(DISCOVERY, "jwks_uri is not a url as safe as the issuer's")
            })?;
        let reach = self.reach_of_keys(&location, &keys);
        let document = self.get(fetch, self.request(&keys, reach)).await?;
        Ok((document, Some(discovery.algorithms())))
    }

    /// The API server of the cluster answers its pods at one address and names others, such as that of a node,
    /// in its documents. The credential of the pod goes to the one address only.
    async fn fetch_from_cluster(
        &self,
        fetch: &dyn Fetch,
        home: &HomeCluster,
    ) -> Result<Published, Error> {
        let account = home.service_account().await.map_err(|source| {
            self.unavailable(FetchError::Unreachable {
                url: home.api_server.to_string(),
                source: std::sync::Arc::new(source),
            })
        })?;
        let mut documents = Vec::new();
        for path in [home_cluster::DISCOVERY_PATH, home_cluster::KEYS_PATH] {
            let url = home
                .api_server
                .join(path)
                .map_err(|_| self.unusable(DISCOVERY, "its url is malformed"))?;
            let request = DocumentRequest {
                url: &url,
                ca_cert: &account.ca_cert,
                reach: Reach::Anywhere,
                named_by: NamedBy::Operator,
                bearer: Some(&account.token),
            };
            documents.push(self.get(fetch, request).await?);
        }
        let (Some(keys), Some(discovery)) = (documents.pop(), documents.pop()) else {
            return Err(self.unusable(DISCOVERY, "it is missing"));
        };
        let discovery = self.read_discovery(&discovery)?;
        Ok((keys, Some(discovery.algorithms())))
    }

    fn read_discovery(&self, document: &[u8]) -> Result<Discovery, Error> {
        let discovery: Discovery = serde_json::from_slice(document).map_err(|_| {
            self.unusable(
                DISCOVERY,
                "it is not a json object with issuer and jwks_uri",
            )
        })?;
        // §4.3: byte for byte, or one issuer could speak for another.
        if discovery.issuer != self.issuer {
            return Err(self.unusable(DISCOVERY, "it is of another issuer"));
        }
        Ok(discovery)
    }

    fn read(&self, document: &[u8], supported: Option<&[String]>) -> Result<KeySet, Error> {
        KeySet::parse(document, supported).map_err(|reason| self.unusable(KEY_SET, reason))
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

    fn request<'a>(&'a self, url: &'a Url, reach: Reach) -> DocumentRequest<'a> {
        DocumentRequest {
            url,
            ca_cert: &self.ca_cert,
            reach,
            named_by: self.named_by(),
            bearer: None,
        }
    }

    async fn get(&self, fetch: &dyn Fetch, request: DocumentRequest<'_>) -> Result<Vec<u8>, Error> {
        let fetched = fetch.fetch(request).await;
        fetched.map_err(|source| self.unavailable(source))
    }

    fn unavailable(&self, source: FetchError) -> Error {
        Error::IssuerUnavailable {
            issuer: self.issuer.clone(),
            source,
        }
    }

    fn unusable(&self, document: &'static str, reason: &'static str) -> Error {
        Error::IssuerDocument {
            issuer: self.issuer.clone(),
            document,
            reason,
        }
    }
}

impl Place {
    /// The operator's words count before those of the issuer.
    fn of(config: &IssuerConfig) -> Self {
        if let Some(keys) = &config.jwks {
            return Self::Pinned(keys.text());
        }
        if let Some(url) = &config.jwks_uri {
            return Self::KeySet(url.clone());
        }
        let is_kubernetes = config.kind == IssuerType::Kubernetes;
        if is_kubernetes && home_cluster::is_home(&config.issuer_url) {
            return Self::HomeCluster;
        }
        Self::Discovery
    }
}

impl Discovery {
    fn algorithms(&self) -> Vec<String> {
        match self.id_token_signing_alg_values_supported.as_slice() {
            [] => vec![DEFAULT_ALGORITHM.to_owned()],
            listed => listed.to_vec(),
        }
    }
}

const DISCOVERY: &str = "discovery document";
const KEY_SET: &str = "key set";

/// OpenID Connect Discovery 1.0 §3: the one algorithm that every issuer supports.
const DEFAULT_ALGORITHM: &str = "RS256";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ISSUER, MemoryFetch, TestKey};

    #[tokio::test]
    async fn an_operator_gets_the_keys_that_an_issuer_publishes_whatever_is_pinned() {
        let key = TestKey::p256();
        let fetch = MemoryFetch::serving(ISSUER, &[key.jwk("k")]);
        let mut issuer = IssuerConfig::new(ISSUER, "sigstore", IssuerType::Email);
        issuer.jwks = Some(crate::PinnedKeys::from_text("{\"keys\": []}".to_owned()));
        let keys = published_keys(&issuer, &*fetch).await.unwrap();
        let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
        assert_eq!(keys["keys"][0]["kid"], "k");
        let silent = MemoryFetch::default();
        let refused = published_keys(&issuer, &silent).await.unwrap_err();
        assert!(
            matches!(refused, Error::IssuerUnavailable { .. }),
            "{refused:?}"
        );
    }
}
