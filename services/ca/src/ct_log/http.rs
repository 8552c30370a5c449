use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use sigstead_ct::SignedCertificateTimestamp;
use sigstead_key::LogId;
use url::Url;

use super::client::{CtLogClient, CtLogError};
use crate::Error;

/// A log over HTTP (RFC 6962 §4). Tries a second time when the log is overloaded or was not reached; how
/// long in all is the caller's deadline.
#[derive(Debug)]
pub struct HttpCtLog {
    /// Replaced when the certificates change that it and the log know each other by.
    client: ArcSwap<Client>,
    add_pre_chain: Url,
    tree_head: Url,
}

/// RFC 6962 §4.1.
#[derive(Serialize)]
struct AddChainRequest {
    chain: Vec<String>,
}

/// RFC 6962 §4.1.
#[derive(Deserialize)]
struct AddChainResponse {
    sct_version: u8,
    id: String,
    timestamp: u64,
    extensions: String,
    signature: String,
}

impl HttpCtLog {
    /// A log below `url`, whose path is kept.
    ///
    /// # Errors
    /// The URL cannot have a path, or is not of HTTP.
    pub fn new(client: Client, url: &Url) -> Result<Self, Error> {
        let endpoint = |name: &str| {
            let mut endpoint = url.clone();
            let refused = || Error::CtLogUrl(url.clone());
            endpoint
                .path_segments_mut()
                .map_err(|()| refused())?
                .pop_if_empty()
                .extend(["ct", "v1", name]);
            matches!(url.scheme(), "http" | "https")
                .then_some(endpoint)
                .ok_or_else(refused)
        };
        Ok(Self {
            client: ArcSwap::from_pointee(client),
            add_pre_chain: endpoint("add-pre-chain")?,
            tree_head: endpoint("get-sth")?,
        })
    }

    /// Requests from now on are made by `client`.
    pub(crate) fn replace_client(&self, client: Client) {
        self.client.store(Arc::new(client));
    }

    /// Whether the log answers, for readiness.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), CtLogError> {
        let client = self.client.load();
        let request = client.get(self.tree_head.clone()).timeout(PROBE_TIME);
        let response = request.send().await.map_err(unreachable)?;
        if response.status().is_server_error() {
            return Err(refusal(response).await);
        }
        Ok(())
    }

    async fn submit(&self, body: Bytes) -> Result<Response, CtLogError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        sigstead_kit::trace::inject(&mut headers);
        let client = self.client.load_full();
        let request = client
            .post(self.add_pre_chain.clone())
            .headers(headers)
            .body(body);
        request.send().await.map_err(unreachable)
    }
}

#[async_trait]
impl CtLogClient for HttpCtLog {
    async fn add_pre_chain(
        &self,
        chain: &[&[u8]],
    ) -> Result<SignedCertificateTimestamp, CtLogError> {
        let chain = chain.iter().map(|der| STANDARD.encode(der)).collect();
        let body = serde_json::to_vec(&AddChainRequest { chain })
            .map_err(|error| CtLogError::Malformed(error.to_string()))?;
        let body = Bytes::from(body);
        let pause = match self.submit(body.clone()).await {
            Ok(response) if is_passing(response.status()) => retry_after(&response),
            Ok(response) => return read_answer(response).await,
            // A connection that the log closed while it was idle, or a log that starts again.
            Err(CtLogError::Unreachable(_)) => None,
            Err(error) => return Err(error),
        };
        tokio::time::sleep(pause.unwrap_or(PAUSE).min(LONGEST_PAUSE)).await;
        read_answer(self.submit(body).await?).await
    }
}

/// What may have passed a moment later (RFC 9110 §15.5.9 and §15.6.4, RFC 6585 §4).
fn is_passing(status: StatusCode) -> bool {
    [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ]
    .contains(&status)
}

impl AddChainResponse {
    fn into_sct(self) -> Result<SignedCertificateTimestamp, CtLogError> {
        let malformed = |what: &str| CtLogError::Malformed(what.to_owned());
        let decode = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|_| malformed("it is not base64"))
        };
        if self.sct_version != V1 {
            return Err(malformed("its version is not 1"));
        }
        let id = decode(&self.id)?
            .try_into()
            .map_err(|_| malformed("its log id has another length"))?;
        let (extensions, signature) = (decode(&self.extensions)?, decode(&self.signature)?);
        SignedCertificateTimestamp::from_parts(
            LogId::from_bytes(id),
            self.timestamp,
            extensions,
            &signature,
        )
        .map_err(|error| malformed(&error.to_string()))
    }
}

async fn read_answer(response: Response) -> Result<SignedCertificateTimestamp, CtLogError> {
    if response.status() != StatusCode::OK {
        return Err(refusal(response).await);
    }
    let body = read_within(response, MAX_ANSWER_BYTES).await?;
    let answer: AddChainResponse =
        serde_json::from_slice(&body).map_err(|error| CtLogError::Malformed(error.to_string()))?;
    answer.into_sct()
}

/// What the log said, for the operator; cut short, because it is another machine's text.
async fn refusal(response: Response) -> CtLogError {
    let status = response.status();
    let body = read_within(response, MAX_ANSWER_BYTES)
        .await
        .unwrap_or_default();
    let message = String::from_utf8_lossy(&body)
        .chars()
        .take(MAX_MESSAGE_CHARACTERS)
        .collect();
    let is_failing = status.is_server_error() || is_passing(status);
    let status = status.as_u16();
    if is_failing {
        CtLogError::Failing { status, message }
    } else {
        CtLogError::Refused { status, message }
    }
}

async fn read_within(mut response: Response, limit: usize) -> Result<Vec<u8>, CtLogError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(CtLogError::Malformed(format!(
                "it has more than {limit} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// RFC 9110 §10.2.3, in seconds; the form with a date is not worth a clock here.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

fn unreachable(error: reqwest::Error) -> CtLogError {
    if error.is_timeout() {
        return CtLogError::Late;
    }
    CtLogError::Unreachable(Box::new(error))
}

const V1: u8 = 0;
const PAUSE: Duration = Duration::from_millis(100);
/// A log that asks for more is not worth waiting for: the client comes back.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Readiness is to be known within two seconds.
const PROBE_TIME: Duration = Duration::from_millis(1_500);
/// An SCT has some hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const MAX_MESSAGE_CHARACTERS: usize = 500;
