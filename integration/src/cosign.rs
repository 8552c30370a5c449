//! cosign 3, with the files of the client kit.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::files::PERSON;
use crate::instance::Instance;

/// Signs a file as the person of the stories.
///
/// # Errors
/// If there is no token for her.
pub fn sign(cosign: &Path, instance: &Instance, bundle: &Path) -> Result<Command> {
    let mut command = Command::new(cosign);
    command
        .args(["sign-blob", "--yes", "--identity-token"])
        .arg(instance.token(PERSON)?)
        .arg("--signing-config")
        .arg(instance.kit("signing_config.v0.2.json"))
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"))
        .arg("--bundle")
        .arg(bundle);
    Ok(command)
}

/// Verifies a bundle, without saying whose signature is expected.
#[must_use]
pub fn verify_of_anybody(cosign: &Path, instance: &Instance, bundle: &Path) -> Command {
    let mut command = Command::new(cosign);
    command
        .args(["verify-blob", "--use-signed-timestamps", "--trusted-root"])
        .arg(instance.kit("trusted_root.json"))
        .arg("--bundle")
        .arg(bundle);
    command
}

/// Verifies a bundle of that person.
#[must_use]
pub fn verify(cosign: &Path, instance: &Instance, bundle: &Path) -> Command {
    let mut command = verify_of_anybody(cosign, instance, bundle);
    command
        .args(["--certificate-identity", PERSON])
        .arg("--certificate-oidc-issuer")
        .arg(instance.url("oidc"));
    command
}
