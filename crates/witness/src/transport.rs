use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response};
use url::Url;

use crate::box_error::BoxError;

/// Carries a submission to a witness. Tests answer from memory.
///
/// An implementation MUST NOT return more than [`MAX_ANSWER_BYTES`], MUST NOT follow a redirect to another host, and MUST
/// stop when it is dropped. It need not have a deadline: the caller has one.
#[async_trait]
pub trait Transport: Send + Sync {
    /// POSTs a body.
    ///
    /// # Errors
    /// No answer came, or one that is too large. Every status is an answer.
    async fn post(&self, url: &Url, body: String) -> Result<Answer, TransportError>;
}

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type, as it stands in the header.
    pub content_type: Option<String>,
    /// The body; empty for a status that gives it no meaning.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The connection or the exchange failed.
    #[error("cannot post to {url}")]
    Exchange {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The answer is larger than any honest one.
    #[error("{url} answered with more than {MAX_ANSWER_BYTES} bytes")]
    TooLarge {
        /// The address.
        url: String,
    },
}

/// Posts over HTTP.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: Client,
    headers: fn() -> HeaderMap,
}

impl HttpTransport {
    /// Posts with a client, whose time limits, trusted authorities and redirects are the caller's choice.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self {
            client,
            headers: HeaderMap::new,
        }
    }

    /// Asks for further headers at each call, such as those of a trace.
    #[must_use]
    pub const fn with_headers(mut self, headers: fn() -> HeaderMap) -> Self {
        self.headers = headers;
        self
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(&self, url: &Url, body: String) -> Result<Answer, TransportError> {
        let failed = |source: reqwest::Error| TransportError::Exchange {
            url: url.to_string(),
            source: source.into(),
        };
        let request = self.client.post(url.clone()).headers((self.headers)());
        let request = request.body(body);
        let request = request.header(CONTENT_TYPE, "text/plain; charset=utf-8");
        let mut response = request.send().await.map_err(failed)?;
        let mut body = Vec::new();
        while has_meaning(&response) {
            let Some(chunk) = response.chunk().await.map_err(failed)? else {
                break;
            };
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(TransportError::TooLarge {
                    url: url.to_string(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            content_type: content_type(response.headers()),
            body,
        })
    }
}

// The page that a proxy shows for an error may be large, and says nothing that is used.
fn has_meaning(response: &Response) -> bool {
    matches!(response.status().as_u16(), 200 | 409)
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    value.to_str().ok().map(str::to_owned)
}

/// The largest answer that is read. A cosignature line has some 200 bytes, one of ML-DSA-44 some 3400.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024;
