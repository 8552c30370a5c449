//! sigstore-python, with the file of the client kit or through the TUF service.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::files::PERSON;
use crate::instance::{Instance, run};

/// The command with the client kit.
#[must_use]
pub fn with_kit(sigstore: &Path, instance: &Instance) -> Command {
    let mut command = Command::new(sigstore);
    command
        .arg("--trust-config")
        .arg(instance.kit("client_trust_config.json"));
    command
}

/// The command with a home of its own, where it keeps what it fetched.
#[must_use]
pub fn at_home(sigstore: &Path, home: &Path) -> Command {
    let mut command = Command::new(sigstore);
    command
        .env("HOME", home)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CACHE_HOME");
    command
}

/// Has it walk from a root to the newest. Versions of the command want the URL on either side of the verb.
///
/// # Errors
/// If it does not arrive.
pub fn trust(at_home: impl Fn() -> Command, url: &str, root: &Path) -> Result<()> {
    let newer = run(at_home()
        .args(["trust-instance", "--instance", url])
        .arg(root));
    let either = newer.or_else(|_| {
        run(at_home()
            .args(["--instance", url, "trust-instance"])
            .arg(root))
    });
    either.map(drop)
}

/// Adds to the command that it signs as the person of the stories.
///
/// # Errors
/// If there is no token for her.
pub fn sign<'a>(
    command: &'a mut Command,
    instance: &Instance,
    bundle: &Path,
) -> Result<&'a mut Command> {
    let token = instance.token(PERSON)?;
    Ok(command
        .args(["sign", "--identity-token", &token, "--bundle"])
        .arg(bundle))
}

/// Adds to the command that it verifies bundles of an identity.
pub fn verify<'a>(
    command: &'a mut Command,
    instance: &Instance,
    identity: &str,
) -> &'a mut Command {
    command
        .args(["verify", "identity", "--cert-identity", identity])
        .arg("--cert-oidc-issuer")
        .arg(instance.url("oidc"))
}
