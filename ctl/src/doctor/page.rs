//! What a service shows to everybody.

use reqwest::header::DATE;
use sigstead_key::HashAlgorithm;
use sigstead_kit::Clock as _;
use sigstead_tsp::{TimeStampReq, TimestampToken};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};

/// A page of a service.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    /// What time it was there, and here.
    pub(super) times: Option<(OffsetDateTime, OffsetDateTime)>,
}

/// A page of each service that says who it is and stays as it is while the service runs.
pub(super) fn path(service: Service) -> &'static str {
    match service {
        Service::Oidc => "/.well-known/openid-configuration",
        Service::Ctlog => "/ct/v1/get-roots",
        Service::Ca => "/api/v2/trustBundle",
        Service::Tsa => "/api/v1/timestamp/certchain",
        Service::Tlog => "/api/v1/log/publicKey",
        Service::Tuf => "/1.root.json",
    }
}

/// Gets a page by the address that only this machine knows.
pub(super) async fn get(
    instance: &Instance,
    service: Service,
    path: &str,
) -> Result<Page, Failure> {
    let url = format!("{}{path}", instance.manifest.local_url(service));
    let answer = http::client(instance)?.get(&url).send().await;
    let there = answer.as_ref().ok().and_then(|answer| {
        let date = answer.headers().get(DATE)?.to_str().ok()?;
        OffsetDateTime::parse(date, &Rfc2822).ok()
    });
    let here = sigstead_kit::SystemClock.now();
    let bytes = http::bytes(service.name(), &url, answer).await?;
    Ok(Page {
        bytes,
        times: there.map(|there| (there, here)),
    })
}

/// Has a few bytes stamped: what time it is there, and here.
pub(super) async fn stamp(
    instance: &Instance,
) -> Result<(OffsetDateTime, OffsetDateTime), Failure> {
    let url = format!(
        "{}/api/v1/timestamp",
        instance.manifest.local_url(Service::Tsa)
    );
    let strange =
        |error: sigstead_tsp::Error| Failure::service("tsa", &url, sigstead_kit::causes(&error));
    let digest = HashAlgorithm::Sha256.digest(b"sigctl doctor");
    let request = TimeStampReq::new(HashAlgorithm::Sha256, &digest);
    let request = request
        .and_then(|request| request.to_der())
        .map_err(strange)?;
    let post = http::client(instance)?
        .post(&url)
        .header("content-type", "application/timestamp-query")
        .body(request);
    let bytes = http::bytes("tsa", &url, post.send().await).await?;
    let here = sigstead_kit::SystemClock.now();
    let there = TimestampToken::from_response(&bytes).map_err(strange)?;
    Ok((there.stated_time(), here))
}
