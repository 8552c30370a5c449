//! Calls to the services of an instance.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, ClientBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::instance::Instance;

/// A client that trusts the instance's own authority, and no proxy.
pub(crate) fn client(instance: &Instance) -> Result<Client, Failure> {
    built(builder(instance)?)
}

/// The same, whose every request has these headers too.
pub(crate) fn client_with_headers(
    instance: &Instance,
    headers: HeaderMap,
) -> Result<Client, Failure> {
    built(builder(instance)?.default_headers(headers))
}

/// The same for requests that name another host than the one that is dialled, which HTTP/2 does not let them.
pub(crate) fn client_with_host(instance: &Instance) -> Result<Client, Failure> {
    built(builder(instance)?.http1_only())
}

fn builder(instance: &Instance) -> Result<ClientBuilder, Failure> {
    let mut builder = Client::builder()
        .timeout(Duration::from_secs(30))
        .no_proxy();
    if instance.manifest.tls {
        let path = instance.path("client/tls-ca.pem");
        let failed = |error: &dyn std::fmt::Display| Failure::file("read", &path, error);
        let pem = std::fs::read(&path).map_err(|error| failed(&error))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| failed(&error))?;
        builder = builder.tls_certs_only([authority]);
    }
    Ok(builder)
}

fn built(builder: ClientBuilder) -> Result<Client, Failure> {
    builder
        .build()
        .map_err(|error| Failure::service("the client", "this machine", error))
}

/// The JSON of a good answer; of a bad one, the code and the sentences that the service gave.
pub(crate) async fn json<T: DeserializeOwned>(
    service: &str,
    url: &str,
    answer: Result<Response, reqwest::Error>,
) -> Result<T, Failure> {
    let bytes = bytes(service, url, answer).await?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::service(service, url, error))
}

/// The body of a good answer; of a bad one, the code and the sentences that the service gave.
pub(crate) async fn bytes(
    service: &str,
    url: &str,
    answer: Result<Response, reqwest::Error>,
) -> Result<Vec<u8>, Failure> {
    let failed = |error: reqwest::Error| {
        let causes = sigstead_kit::causes(&error);
        if error.is_connect() || error.is_timeout() {
            Failure::unreachable(service, url, causes)
        } else {
            Failure::service(service, url, causes)
        }
    };
    let answer = answer.map_err(failed)?;
    let status = answer.status();
    let header = |name: &str| {
        let value = answer.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let code = header("sigstead-code").unwrap_or_else(|| "E-CTL-003".to_owned());
    let request = header("sigstead-request-id");
    let body = limited(answer, LARGEST)
        .await
        .map_err(|cause| Failure::service(service, url, cause))?;
    if status.is_success() {
        return Ok(body);
    }
    let message = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|json| Some(json.get("message")?.as_str()?.to_owned()))
        .unwrap_or_else(|| {
            String::from_utf8_lossy(&body)
                .chars()
                .take(MESSAGE)
                .collect()
        });
    let message = message
        .strip_prefix(&format!("{code}: "))
        .unwrap_or(&message)
        .trim()
        .to_owned();
    let what = format!("{service} at {url} answered {status}: {message}");
    let failure = Failure::named(code.clone(), what, format!("sigctl explain {code}"));
    Err(failure.of_request(request.as_deref()))
}

/// The same of what may not be there.
pub(crate) async fn found(
    service: &str,
    url: &str,
    answer: Result<Response, reqwest::Error>,
) -> Result<Option<Vec<u8>>, Failure> {
    if answer.as_ref().is_ok_and(|answer| answer.status() == 404) {
        return Ok(None);
    }
    bytes(service, url, answer).await.map(Some)
}

/// The body of an answer, if it has at most `limit` bytes: what answers may be anything.
pub(crate) async fn limited(mut answer: Response, limit: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        let Some(chunk) = chunk.map_err(|error| sigstead_kit::causes(&error))? else {
            return Ok(body);
        };
        if chunk.len() > limit - body.len() {
            return Err(format!("the answer is longer than {limit} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
}

/// Longer than any answer that a command of this program asks for.
const LARGEST: usize = 32 << 20;
/// Of an answer that is no JSON, so many characters are shown.
const MESSAGE: usize = 500;
