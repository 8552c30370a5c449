//! What clients find at the URLs that they are given, where these are not the listeners of this machine.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Client;
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::Url;

use super::page;
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::services;

/// What is at the URL of a service.
pub(super) struct Outside {
    pub(super) service: Service,
    pub(super) url: String,
    /// Whether its name has an address, and why not.
    pub(super) name: Result<(), String>,
    /// The page that says who it is.
    pub(super) page: Result<Vec<u8>, Unreached>,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreached {
    /// The certificate is not one that clients of this machine take.
    Certificate(String),
    /// Anything else.
    Other(String),
}

/// Looks at each service as clients do. Where clients dial the listeners themselves, those were looked at already, and only
/// the name is.
pub(super) async fn look(instance: &Instance) -> Vec<Outside> {
    let services = services::of(&instance.manifest).into_iter();
    let looks = services.map(|service| async move {
        let url = instance.manifest.url(service);
        Outside {
            service,
            name: in_time(resolve(&url)).await,
            page: fetch(instance, service, &url).await,
            url,
        }
    });
    join_all(looks).await
}

async fn in_time(asked: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = |_| Err("no name server answered".to_owned());
    timeout(PATIENCE, asked).await.unwrap_or_else(late)
}

async fn resolve(url: &str) -> Result<(), String> {
    let url: Url = url
        .parse()
        .map_err(|error: url::ParseError| error.to_string())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or_default();
    let mut found = lookup_host((host, port))
        .await
        .map_err(|error| error.to_string())?;
    found
        .next()
        .map(drop)
        .ok_or_else(|| "it has no address".to_owned())
}

async fn fetch(instance: &Instance, service: Service, url: &str) -> Result<Vec<u8>, Unreached> {
    let other = |failure: Failure| Unreached::Other(failure.whole());
    let url = format!("{url}{}", page::path(service));
    let answer = client(instance).map_err(other)?.get(&url).send().await;
    if let Err(error) = &answer {
        let causes = sigstead_kit::causes(error);
        if causes.contains("certificate") {
            return Err(Unreached::Certificate(causes));
        }
    }
    http::bytes(service.name(), &url, answer)
        .await
        .map_err(other)
}

/// A client as those of others are: it trusts what this machine does, or the instance's own authority if that certifies
/// the listeners that clients dial.
fn client(instance: &Instance) -> Result<Client, Failure> {
    if instance.manifest.proxy.is_none() {
        return http::client(instance);
    }
    Client::builder()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| Failure::service("the client", "this machine", error))
}

const PATIENCE: Duration = Duration::from_secs(8);
