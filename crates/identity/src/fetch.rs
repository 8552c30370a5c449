use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Certificate, Client, ClientBuilder, redirect};
use url::Url;

use crate::{Error, IssuersConfig};

/// Fetches the documents of issuers. Tests answer from memory.
///
/// An implementation MUST end within a deadline of its own, MUST NOT follow a redirect to another
/// host, MUST NOT return more than [`MAX_DOCUMENT_BYTES`], and MUST refuse every status but 200.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The body at `url`. `ca_cert` holds PEM certificates of authorities to trust besides the usual
    /// ones; it is empty or that of an entry of the file of issuers.
    async fn fetch(&self, url: &Url, ca_cert: &str) -> Result<Vec<u8>, FetchError>;
}

/// A document that could not be fetched.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// The server did not answer in time, or not at all.
    #[error("cannot get {url}")]
    Unreachable {
        /// What was to be fetched.
        url: String,
        /// Why.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered with another status than 200. A redirect to another host is such a one.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was to be fetched.
        url: String,
        /// The status.
        status: u16,
    },
    /// The document is larger than any honest one.
    #[error("{url} has more than {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge {
        /// What was to be fetched.
        url: String,
    },
}

/// How [`HttpFetch`] calls issuers.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Longest time for the connection to stand.
    pub connect_timeout: Duration,
    /// Longest time for a whole exchange.
    pub timeout: Duration,
    /// PEM certificates of authorities that are trusted for every issuer, besides those of the
    /// operating system.
    pub extra_ca: Option<Vec<u8>>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            extra_ca: None,
        }
    }
}

/// Fetches over HTTP.
#[derive(Debug, Clone)]
pub struct HttpFetch {
    client: Client,
    /// One client per authority, made once: making one reads the system's trust store.
    by_ca_cert: HashMap<String, Client>,
}

impl HttpFetch {
    /// Makes the clients that the issuers of a file need.
    ///
    /// # Errors
    /// A certificate of an authority cannot be read.
    pub fn new(options: &FetchOptions, issuers: &IssuersConfig) -> Result<Self, Error> {
        let failed = |error| Error::Client(Arc::new(error));
        let entries = issuers
            .issuers
            .values()
            .chain(issuers.meta_issuers.values());
        let mut by_ca_cert = HashMap::new();
        for ca_cert in entries
            .map(|issuer| &issuer.ca_cert)
            .filter(|pem| !pem.is_empty())
        {
            let client = build(options, ca_cert.as_bytes()).map_err(failed)?;
            by_ca_cert.insert(ca_cert.clone(), client);
        }
        Ok(Self {
            client: build(options, &[]).map_err(failed)?,
            by_ca_cert,
        })
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, url: &Url, ca_cert: &str) -> Result<Vec<u8>, FetchError> {
        let client = self.by_ca_cert.get(ca_cert).unwrap_or(&self.client);
        let unreachable = |error| FetchError::Unreachable {
            url: url.to_string(),
            source: Arc::new(error),
        };
        let mut response = client.get(url.clone()).send().await.map_err(unreachable)?;
        if response.status().as_u16() != 200 {
            return Err(FetchError::Status {
                url: url.to_string(),
                status: response.status().as_u16(),
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_DOCUMENT_BYTES {
                return Err(FetchError::TooLarge {
                    url: url.to_string(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn build(options: &FetchOptions, ca_cert: &[u8]) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .redirect(redirect::Policy::custom(within_host))
        .user_agent(concat!("sigstead/", env!("CARGO_PKG_VERSION")));
    let extra = options.extra_ca.as_deref().unwrap_or_default();
    trust(trust(builder, extra)?, ca_cert)?.build()
}

fn trust(builder: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder, reqwest::Error> {
    if pem.is_empty() {
        return Ok(builder);
    }
    Ok(builder.tls_certs_merge(Certificate::from_pem_bundle(pem)?))
}

/// An issuer that could send this service to an address of its choice would read what only this
/// service can reach, or have its keys served by somebody else.
fn within_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let origin = |url: &Url| {
        (
            url.scheme().to_owned(),
            url.host_str().map(str::to_owned),
            url.port_or_known_default(),
        )
    };
    let stays = attempt
        .previous()
        .first()
        .is_some_and(|first| origin(first) == origin(attempt.url()));
    if stays && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// The largest discovery document or key set that is read.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
const MAX_REDIRECTS: usize = 5;
