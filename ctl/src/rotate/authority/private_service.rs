//! A service that nobody else knows, with the next key as its only one.

use std::path::Path;

use reqwest::Client;
use serde::Serialize;
use sigstead_kit::Listeners;

use super::role::Authority;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::private_service::PrivateService;

/// Starts one, and waits until it is ready. `configure` makes its configuration, with listeners and a folder of its own.
pub(in crate::rotate) async fn start<A: Authority, C: Serialize>(
    instance: &Instance,
    client: &Client,
    configure: impl FnOnce(Listeners, &Path) -> Result<C, Failure>,
) -> Result<PrivateService, Failure> {
    let folder = instance.path(&format!("run/rotate-{}", A::ROLE));
    let unready = |last_line: String| {
        Failure::new(
            "E-CTL-289",
            "a service with the next key does not become ready; nothing was published",
            format!(
                "the cause is its last line; mend it and go on: sigctl rotate {} resume",
                A::ROLE
            ),
        )
        .because(last_line)
    };
    PrivateService::start(A::SERVICE, folder, client, configure, unready).await
}
