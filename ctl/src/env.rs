//! `sigctl env`: the variables with which a shell's clients use this instance and leave the user's own Sigstore alone.

use std::collections::BTreeMap;

use clap::Args;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;

/// Which instance.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    output.print(&variables(&instance), |variables| {
        let lines = variables
            .iter()
            .map(|(name, value)| format!("export {name}={}", quoted(value)));
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn variables(instance: &Instance) -> BTreeMap<&'static str, String> {
    let path = |relative: &str| instance.path(relative).display().to_string();
    let mut variables = BTreeMap::from([
        // Where cosign and gitsign keep what they learn of a trust root.
        ("TUF_ROOT", path("client/cache")),
        ("TUF_MIRROR", instance.manifest.url(Service::Tuf)),
        ("TUF_ROOT_JSON", path("client/root.json")),
        // gitsign and rekor-cli have their own names for the services.
        ("GITSIGN_FULCIO_URL", instance.manifest.url(Service::Ca)),
        ("GITSIGN_REKOR_URL", instance.manifest.url(Service::Tlog)),
        ("GITSIGN_OIDC_ISSUER", instance.manifest.url(Service::Oidc)),
        ("REKOR_REKOR_SERVER", instance.manifest.url(Service::Tlog)),
        ("SIGSTEAD_ISSUER", instance.manifest.url(Service::Oidc)),
        ("SIGSTEAD_TRUSTED_ROOT", path("client/trusted_root.json")),
        (
            "SIGSTEAD_SIGNING_CONFIG",
            path("client/signing_config.v0.2.json"),
        ),
        (
            "SIGSTEAD_TRUST_CONFIG",
            path("client/client_trust_config.json"),
        ),
    ]);
    if instance.manifest.shows_own_tls() {
        // Go and Rust, Python's requests, and curl take one file in place of the system's, so it has the system's too. An
        // instance that was made without it gets it from its next publication.
        let has_bundle = instance.path("client/ca-bundle.pem").exists();
        let bundle = if has_bundle { "ca-bundle" } else { "tls-ca" };
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
            variables.insert(name, path(&format!("client/{bundle}.pem")));
        }
        // Node adds to its own.
        variables.insert("NODE_EXTRA_CA_CERTS", path("client/tls-ca.pem"));
    }
    variables
}

/// A value as a POSIX shell reads it back unchanged.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_quote_in_a_path_does_not_end_the_value() {
        assert_eq!(quoted("/home/o'brien/a b"), r"'/home/o'\''brien/a b'");
    }
}
