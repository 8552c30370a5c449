use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Certificate, Client, RequestBuilder, Response, redirect};

use crate::address::{self, PrivateAddress, Reach};
use crate::config::IssuersConfig;
use crate::error::Error;
use crate::fetch::{DocumentRequest, Fetch, FetchError, MAX_DOCUMENT_BYTES, NamedBy};
use crate::resolver::Resolver;

/// How [`HttpFetch`] calls issuers.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Longest time for the connection to stand.
    pub connect_timeout: Duration,
    /// Longest time for a whole exchange.
    pub timeout: Duration,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(5),
        }
    }
}

/// Fetches over HTTP.
#[derive(Debug, Clone)]
pub struct HttpFetch {
    options: FetchOptions,
    /// Clients by the authorities that they trust, made once: making one reads the system's trust
    /// store.
    clients: HashMap<String, Clients>,
}

/// The clients of one set of authorities.
#[derive(Debug, Clone)]
struct Clients {
    anywhere: Client,
    public: Client,
    /// For issuers that tokens name.
    strange: Client,
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
        let mut clients = HashMap::new();
        for ca_cert in entries.map(|issuer| issuer.ca_cert.as_str()).chain([""]) {
            if !clients.contains_key(ca_cert) {
                let made =
                    |reach, named_by| build(options, ca_cert, reach, named_by).map_err(failed);
                let made = Clients {
                    anywhere: made(Reach::Anywhere, NamedBy::Operator)?,
                    public: made(Reach::Public, NamedBy::Operator)?,
                    strange: made(Reach::Public, NamedBy::Token)?,
                };
                clients.insert(ca_cert.to_owned(), made);
            }
        }
        Ok(Self {
            options: options.clone(),
            clients,
        })
    }

    /// A client for authorities that were not known when this value was made is made for one
    /// document.
    fn client(&self, request: DocumentRequest<'_>) -> Result<Client, reqwest::Error> {
        let DocumentRequest {
            ca_cert,
            reach,
            named_by,
            ..
        } = request;
        let Some(clients) = self.clients.get(ca_cert) else {
            return build(&self.options, ca_cert, reach, named_by);
        };
        Ok(match (reach, named_by) {
            (Reach::Anywhere, _) => clients.anywhere.clone(),
            (Reach::Public, NamedBy::Operator) => clients.public.clone(),
            (Reach::Public, NamedBy::Token) => clients.strange.clone(),
        })
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, document: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        let url = || document.url.to_string();
        let client = self.checked(document)?;
        let request = client.get(document.url.clone());
        let response = self.send(document, request).await?;
        match response.status() {
            status if status.as_u16() == 200 => {}
            status if status.is_redirection() => {
                return Err(FetchError::Redirected { url: url() });
            }
            status => {
                return Err(FetchError::Status {
                    url: url(),
                    status: status.as_u16(),
                });
            }
        }
        whole(url(), response).await
    }
}

impl HttpFetch {
    /// Sends a form, as a client of an issuer does, and gives the status and the body of the answer, whatever the status is.
    /// What [`Fetch`] says of documents holds for it too.
    ///
    /// # Errors
    /// As [`Fetch::fetch`], but for the status.
    pub async fn post(
        &self,
        document: DocumentRequest<'_>,
        form: String,
        authorization: Option<&str>,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let url = || document.url.to_string();
        let client = self.checked(document)?;
        let mut request = client
            .post(document.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = self.send(document, request).await?;
        let status = response.status().as_u16();
        Ok((status, whole(url(), response).await?))
    }

    /// The client for a document, if its server may be asked.
    fn checked(&self, document: DocumentRequest<'_>) -> Result<Client, FetchError> {
        let url = || document.url.to_string();
        if document.reach == Reach::Public {
            address::check_literal(document.url)
                .map_err(|source| FetchError::Private { url: url(), source })?;
        }
        self.client(document).map_err(|error| failure(url(), error))
    }

    async fn send(
        &self,
        document: DocumentRequest<'_>,
        mut request: RequestBuilder,
    ) -> Result<Response, FetchError> {
        // Its span is in the trace of the signature; who is named by a token alone learns nothing of that.
        if document.named_by == NamedBy::Operator {
            request = request.headers(sigstead_kit::trace::headers());
        }
        if let Some(bearer) = document.bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let sent = request.send().await;
        sent.map_err(|error| failure(document.url.to_string(), error))
    }
}

/// The body, if it is no longer than any honest one.
async fn whole(url: String, mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_DOCUMENT_BYTES => {
                return Err(FetchError::TooLarge { url });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return Err(failure(url, error)),
        }
    }
}

fn build(
    options: &FetchOptions,
    ca_cert: &str,
    reach: Reach,
    named_by: NamedBy,
) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .redirect(redirect::Policy::none())
        .dns_resolver(Resolver::new(reach, named_by))
        .user_agent(concat!("sigstead/", env!("CARGO_PKG_VERSION")));
    if !ca_cert.is_empty() {
        let authorities = Certificate::from_pem_bundle(ca_cert.as_bytes())?;
        builder = builder.tls_certs_only(authorities);
    }
    if reach == Reach::Public {
        // A proxy would resolve the name itself, and nobody would check the address.
        builder = builder.no_proxy();
    }
    builder.build()
}

/// The resolver's refusal is deep in the causes of the client's error.
fn failure(url: String, error: reqwest::Error) -> FetchError {
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        if let Some(private) = error.downcast_ref::<PrivateAddress>() {
            return FetchError::Private {
                url,
                source: private.clone(),
            };
        }
        cause = error.source();
    }
    FetchError::Unreachable {
        url,
        source: Arc::new(error),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::resolver::every_name_of_tokens;

    /// Strangers have as many names looked up as they may, and none is answered.
    #[tokio::test]
    async fn the_keys_of_a_named_issuer_wait_for_no_name_of_strangers() {
        let _taken = every_name_of_tokens().await;
        let fetch = HttpFetch::new(&FetchOptions::default(), &IssuersConfig::default()).unwrap();
        let url = Url::parse("http://localhost:1/keys").unwrap();
        let keys_elsewhere = DocumentRequest {
            url: &url,
            ca_cert: "",
            reach: Reach::Public,
            named_by: NamedBy::Operator,
            bearer: None,
        };
        // It came as far as the address of the name, which is refused.
        let refused = fetch.fetch(keys_elsewhere).await.unwrap_err();
        assert!(matches!(refused, FetchError::Private { .. }), "{refused:?}");
    }
}
