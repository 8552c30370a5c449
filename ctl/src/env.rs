//! `sigctl env`: the variables with which a shell's clients use this instance and leave the user's own Sigstore alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::output::Output;

/// Which instance.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
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
    if instance.manifest.tls {
        let ca = path("client/tls-ca.pem");
        // One name each for Go, Python's requests, and Node.
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            variables.insert(name, ca.clone());
        }
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
