//! A service that nobody else knows, with the next key as its only one.

use std::path::Path;

use reqwest::Client;
use serde::Serialize;
use sigstead_kit::Listeners;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private_service::PrivateService;

/// Whose service it is.
#[derive(Clone, Copy)]
pub(in crate::rotate) struct Owner {
    /// The role that is rotated.
    pub(in crate::rotate) role: &'static str,
    pub(in crate::rotate) service: Service,
}

/// Starts one, and waits until it is ready. `configure` makes its configuration, with listeners and a folder of its own.
pub(in crate::rotate) async fn start<C: Serialize>(
    instance: &Instance,
    client: &Client,
    owner: Owner,
    configure: impl FnOnce(Listeners, &Path) -> Result<C, Failure>,
) -> Result<PrivateService, Failure> {
    let folder = instance.path(&format!("run/rotate-{}", owner.role));
    let unready = |last_line: String| {
        Failure::new(
            "E-CTL-289",
            "a service with the next key does not become ready; nothing was published",
            format!(
                "the cause is its last line; mend it and go on: sigctl rotate {} resume",
                owner.role
            ),
        )
        .because(last_line)
    };
    PrivateService::start(owner.service, folder, client, configure, unready).await
}
