//! Calls to the services of an instance.

use std::time::Duration;

use reqwest::{Certificate, Client, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::instance::Instance;

/// A client that trusts the instance's own authority, and no proxy.
pub(crate) fn client(instance: &Instance) -> Result<Client, Failure> {
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
    let failed =
        |error: reqwest::Error| Failure::service(service, url, sigstead_kit::causes(&error));
    let answer = answer.map_err(failed)?;
    if answer.status().is_success() {
        return Ok(answer.bytes().await.map_err(failed)?.to_vec());
    }
    let status = answer.status();
    let code = answer
        .headers()
        .get("sigstead-code")
        .and_then(|code| code.to_str().ok());
    let code = code.unwrap_or("E-CTL-003").to_owned();
    let body = answer.text().await.unwrap_or_default();
    let message = serde_json::from_str::<Value>(&body)
        .ok()
        .and_then(|json| Some(json.get("message")?.as_str()?.to_owned()))
        .unwrap_or(body);
    let message = message
        .strip_prefix(&format!("{code}: "))
        .unwrap_or(&message)
        .trim()
        .to_owned();
    Err(Failure::named(
        code.clone(),
        format!("{service} at {url} answered {status}: {message}"),
        format!("sigctl explain {code}"),
    ))
}
