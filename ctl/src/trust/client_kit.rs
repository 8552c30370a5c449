//! The client kit: what a client needs to use the instance, and the exact commands.

use sigstead_trust_root::TrustState;

use super::repository::replace;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// Writes everything in `client/` that derives from the trust state; `root_file` is the TUF root to begin with.
pub(super) fn write_all(
    instance: &Instance,
    state: &TrustState,
    root_file: &[u8],
) -> Result<(), Failure> {
    let failed = |error| {
        Failure::new(
            "E-CTL-011",
            "the client kit cannot be made",
            "the cause says which part of the trust state does not fit",
        )
        .because(error)
    };
    let trusted_root = state.trusted_root().map_err(failed)?;
    let signing_config = state.signing_config();
    let config = state.client_trust_config().map_err(failed)?;
    for (name, bytes) in [
        ("root.json", root_file.to_vec()),
        ("trusted_root.json", trusted_root.encode()),
        ("signing_config.v0.2.json", signing_config.encode()),
        ("client_trust_config.json", config.encode()),
        ("README.md", readme(instance).into_bytes()),
    ] {
        replace(&instance.path("client").join(name), &bytes)?;
    }
    Ok(())
}

fn readme(instance: &Instance) -> String {
    let manifest = &instance.manifest;
    let url = |service| manifest.url(service);
    let tls = if manifest.tls { TLS } else { "" };
    README
        .replace("{name}", &manifest.name)
        .replace("{issuer}", &url(Service::Oidc))
        .replace("{tuf}", &url(Service::Tuf))
        .replace("{tsa}", &url(Service::Tsa))
        .replace("{ca}", &url(Service::Ca))
        .replace("{tlog}", &url(Service::Tlog))
        .replace("{tls}", tls)
}

const TLS: &str = "
The services speak TLS with certificates of the instance's own authority, `tls-ca.pem`. `sigctl env` sets
`SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` and `NODE_EXTRA_CA_CERTS` to it; Java needs it in its trust store.
";

const README: &str = include_str!("client_kit/README.md");
