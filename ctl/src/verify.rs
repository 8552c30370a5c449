//! `sigctl verify`: every check of a bundle, offline.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_key::HashAlgorithm;
use sigstead_trust_root::TrustedRoot;
use sigstead_verify::{Accepted, Artifact, Bundle, Policy, Signer, Verifier};
use time::format_description::well_known::Rfc3339;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::output::Output;

/// What is verified, and whose signature is wanted.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The file, or `sha256:` and the hex of its digest.
    file: PathBuf,

    /// The bundle.
    #[arg(long)]
    bundle: PathBuf,

    /// The identity that must have signed, compared exactly.
    #[arg(long)]
    identity: String,

    /// The issuer that must have vouched for it. Default: the instance's own.
    #[arg(long, required_unless_present = "instance")]
    issuer: Option<String>,

    /// The instance whose trusted root decides.
    #[arg(
        long,
        required_unless_present = "trusted_root",
        conflicts_with = "trusted_root"
    )]
    instance: Option<PathBuf>,

    /// The trusted root that decides; no instance is needed.
    #[arg(long)]
    trusted_root: Option<PathBuf>,
}

#[derive(Serialize)]
struct Verified {
    identity: String,
    issuer: String,
    time: Option<String>,
    log: String,
    log_index: u64,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let (trusted_root, issuer) = trust(&arguments)?;
    let bundle = read(&arguments.bundle)?;
    let policy = Policy::identity(&arguments.identity, &issuer);
    let accepted = match digest(&arguments.file)? {
        Some(digest) => {
            let artifact = Artifact::Digest {
                algorithm: HashAlgorithm::Sha256,
                digest: &digest,
            };
            check(&trusted_root, &bundle, artifact, &policy)?
        }
        None => {
            let bytes = read(&arguments.file)?;
            check(&trusted_root, &bundle, Artifact::Bytes(&bytes), &policy)?
        }
    };
    output.print(&report(&accepted), text);
    Ok(())
}

/// Runs all checks; a failure carries the code of the check.
pub(crate) fn check(
    trusted_root: &Path,
    bundle: &[u8],
    artifact: Artifact<'_>,
    policy: &Policy,
) -> Result<Accepted, Failure> {
    let root = TrustedRoot::parse(&read(trusted_root)?)
        .map_err(|error| Failure::file("read", trusted_root, sigstead_kit::causes(&error)))?;
    let verifier = Verifier::new(root);
    let bundle = Bundle::parse(bundle).map_err(|failure| refused(&failure))?;
    verifier
        .verify(&bundle, artifact, policy)
        .map_err(|failure| refused(&failure))
}

fn refused(failure: &sigstead_verify::Failure) -> Failure {
    let named = Failure::named(failure.code(), failure.check().problem(), failure.remedy());
    match std::error::Error::source(failure) {
        Some(cause) => named.because(sigstead_kit::causes(cause)),
        None => named,
    }
}

fn trust(arguments: &Arguments) -> Result<(PathBuf, String), Failure> {
    let instance = arguments
        .instance
        .as_deref()
        .map(Instance::open)
        .transpose()?;
    let own = instance
        .as_ref()
        .map(|instance| instance.manifest.url(Service::Oidc));
    let root = instance.map(|instance| instance.path("client/trusted_root.json"));
    let issuer = arguments.issuer.clone().or(own);
    match (arguments.trusted_root.clone().or(root), issuer) {
        (Some(root), Some(issuer)) => Ok((root, issuer)),
        _ => Err(Failure::new(
            "E-CTL-012",
            "no trust to verify by",
            "name --instance, or --trusted-root and --issuer",
        )),
    }
}

/// The digest, if the argument is one.
fn digest(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let Some(text) = file.to_str().and_then(|text| text.strip_prefix("sha256:")) else {
        return Ok(None);
    };
    let digest = hex::decode(text).ok().filter(|digest| digest.len() == 32);
    let malformed = || {
        Failure::new(
            "E-CTL-012",
            "the digest is not 64 hex digits",
            "write sha256: and 64 hex digits",
        )
    };
    digest.map(Some).ok_or_else(malformed)
}

fn report(accepted: &Accepted) -> Verified {
    let (identity, issuer) = match &accepted.signer {
        Signer::Identity { identity, issuer } => (identity.clone(), issuer.clone()),
        Signer::Key(key) => (key.fingerprint(), String::new()),
    };
    Verified {
        identity,
        issuer,
        time: accepted.time().and_then(|time| time.format(&Rfc3339).ok()),
        log: accepted.log_url.clone(),
        log_index: accepted.log_index,
    }
}

fn text(verified: &Verified) -> String {
    let time = verified.time.as_deref().unwrap_or("an unknown time");
    format!(
        "verified: signed by {} (vouched for by {}) at {time}, entry {} of {}",
        verified.identity, verified.issuer, verified.log_index, verified.log
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file("read", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hex_digits_and_anything_else_is_a_file() {
        let hex = "ab".repeat(32);
        let found = digest(Path::new(&format!("sha256:{hex}"))).unwrap();
        assert_eq!(found, Some(vec![0xab; 32]));
        assert_eq!(digest(Path::new(&hex)).unwrap(), None);
        for malformed in ["", "ab", &hex[1..], &format!("{hex}ab"), &"zz".repeat(32)] {
            assert!(
                digest(Path::new(&format!("sha256:{malformed}"))).is_err(),
                "{malformed}"
            );
        }
    }
}
