use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use sigstead_identity::{DocumentRequest, Fetch as _, HttpFetch, NamedBy, Reach};
use tokio::time::Instant;
use url::Url;

use super::ProviderError;

/// Where a provider is found, and what was last read there.
pub(super) struct Place {
    pub(super) issuer: String,
    pub(super) ca_cert: String,
    /// Read again when it is older than [`KEPT`].
    known: Mutex<Option<(Instant, Discovery)>>,
}

/// What a provider says of itself (OpenID Connect Discovery 1.0 §3), as far as it is used.
#[derive(Debug, Clone)]
pub(super) struct Discovery {
    pub(super) authorize: Url,
    pub(super) token: Url,
    /// Whether its answers say whose they are (RFC 9207 §3).
    pub(super) names_itself: bool,
    /// How the issuer proves to be its client.
    pub(super) proof: Proof,
}

/// How a client shows its secret (OpenID Connect Core 1.0 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Header,
    Form,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Place {
    pub(super) fn new(issuer: &str, ca_cert: String) -> Self {
        Self {
            issuer: issuer.to_owned(),
            ca_cert,
            known: Mutex::default(),
        }
    }

    /// The document, which is fetched if none is at hand or the one that is has become old.
    pub(super) async fn discovery(&self, fetch: &HttpFetch) -> Result<Discovery, ProviderError> {
        let fresh = |known: &&(Instant, Discovery)| known.0.elapsed() < KEPT;
        let at_hand = self.lock().as_ref().filter(fresh).cloned();
        if let Some((_, discovery)) = at_hand {
            return Ok(discovery);
        }
        let discovery = self.fetch(fetch).await?;
        *self.lock() = Some((Instant::now(), discovery.clone()));
        Ok(discovery)
    }

    pub(super) async fn fetch(&self, fetch: &HttpFetch) -> Result<Discovery, ProviderError> {
        let issuer = self.issuer.trim_end_matches('/');
        let url = Url::parse(&format!("{issuer}/.well-known/openid-configuration"));
        let url = url.map_err(|_| ProviderError::Discovery("the issuer is no url"))?;
        let document = fetch.fetch(self.request(&url)).await;
        let document = document.map_err(ProviderError::Unreachable)?;
        self.read(&url, &document)
    }

    /// Whom to trust for a URL of the provider. Only its own host may be one that this service alone can reach, because
    /// the operator wrote that one.
    pub(super) fn request<'a>(&'a self, url: &'a Url) -> DocumentRequest<'a> {
        let issuer = Url::parse(&self.issuer).ok();
        let own = issuer.is_some_and(|issuer| url.host_str() == issuer.host_str());
        DocumentRequest {
            url,
            ca_cert: &self.ca_cert,
            reach: if own { Reach::Anywhere } else { Reach::Public },
            named_by: NamedBy::Operator,
            bearer: None,
        }
    }

    fn read(&self, location: &Url, document: &[u8]) -> Result<Discovery, ProviderError> {
        let document: Document = serde_json::from_slice(document)
            .map_err(|_| ProviderError::Discovery("it lacks an endpoint, or is no json"))?;
        // Discovery 1.0 §4.3: else one provider could pass for another.
        if document.issuer != self.issuer {
            return Err(ProviderError::Discovery("its issuer is another"));
        }
        let safe = |url: &Url| url.scheme() == "https" || url.scheme() == location.scheme();
        if !safe(&document.authorization_endpoint) || !safe(&document.token_endpoint) {
            return Err(ProviderError::Discovery(
                "an endpoint is less safe than the issuer",
            ));
        }
        let methods = document.token_endpoint_auth_methods_supported;
        let offers = |method| {
            methods
                .as_ref()
                .is_none_or(|all| all.iter().any(|m| m == method))
        };
        Ok(Discovery {
            authorize: document.authorization_endpoint,
            token: document.token_endpoint,
            names_itself: document.authorization_response_iss_parameter_supported,
            proof: if offers("client_secret_basic") {
                Proof::Header
            } else {
                Proof::Form
            },
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Discovery)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const KEPT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut serde_json::Value)) -> Result<Discovery, ProviderError> {
        let issuer = "https://login.example.com";
        let mut document = serde_json::json!({
            "issuer": issuer,
            "authorization_endpoint": "https://login.example.com/authorize",
            "token_endpoint": "https://api.example.com/token",
        });
        change(&mut document);
        let place = Place::new(issuer, String::new());
        place.read(
            &Url::parse(issuer).unwrap(),
            document.to_string().as_bytes(),
        )
    }

    #[test]
    fn a_provider_is_who_it_says_and_as_safe_as_its_issuer() {
        let found = read(|_| ()).unwrap();
        assert_eq!((found.proof, found.names_itself), (Proof::Header, false));
        let methods = "token_endpoint_auth_methods_supported";
        let posts = read(|document| document[methods] = ["client_secret_post"].into());
        assert_eq!(posts.unwrap().proof, Proof::Form);
        for (name, value) in [
            ("issuer", "https://login.example.com/"),
            ("issuer", "https://evil.example"),
            (
                "authorization_endpoint",
                "http://login.example.com/authorize",
            ),
            ("authorization_endpoint", "javascript:alert(1)"),
            ("token_endpoint", "http://login.example.com/token"),
            ("token_endpoint", "/token"),
        ] {
            let refused = read(|document| document[name] = value.into());
            assert!(
                matches!(refused, Err(ProviderError::Discovery(_))),
                "{name} {value}"
            );
        }
    }

    #[test]
    fn only_the_host_that_the_operator_wrote_may_be_private() {
        let place = Place::new("https://login.example.com", String::new());
        let reach = |url: &str| place.request(&Url::parse(url).unwrap()).reach;
        assert_eq!(reach("https://login.example.com/token"), Reach::Anywhere);
        assert_eq!(reach("https://api.example.com/token"), Reach::Public);
        assert_eq!(reach("https://127.0.0.1/token"), Reach::Public);
    }
}
