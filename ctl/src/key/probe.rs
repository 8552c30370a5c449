//! `sigctl key probe`.

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_key::PublicKey;
use sigstead_x509::Certificate;

use super::place::Place;
use super::role::KeyRole;
use super::shown::{self, Shown};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Which key, and what it is checked for.
#[derive(Args)]
#[command(after_help = "\
Opens the key as a service does: it signs something that states nothing, and the signature is verified. Nothing is written.")]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// Fail if some client does not take the algorithm of the key for this role.
    #[arg(long, value_enum)]
    role: Option<KeyRole>,

    /// Fail if the key is another than this one: a chain whose first certificate is of the key, or a public key, PEM.
    #[arg(long, value_name = "FILE")]
    serves: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.place.config()?;
    let signer = shown::open(&config).await?;
    let shown = Shown::of(&config, signer.as_ref());
    if let Some(role) = arguments.role
        && let Some(wanted) = role.wants_instead_of(signer.algorithm())
    {
        return Err(Failure::new(
            "E-KEY-024",
            format!(
                "some client takes no {} as {}",
                shown.algorithm,
                role.name()
            ),
            format!("use a key of {wanted}"),
        )
        .exit(Exit::Refused));
    }
    if let Some(file) = &arguments.serves {
        let served = served(file)?;
        if served != *signer.public_key() {
            return Err(Failure::new(
                "E-KEY-025",
                format!(
                    "the key is {}, and {} is of {}",
                    shown.key,
                    file.display(),
                    served.fingerprint()
                ),
                "name the file that belongs to the key, or the key that belongs to the file",
            )
            .exit(Exit::Refused));
        }
    }
    output.print(&shown, Shown::text);
    Ok(Exit::Done)
}

fn served(file: &Path) -> Result<PublicKey, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", file, error);
    let pem = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    if let Ok(key) = PublicKey::from_pem(&pem) {
        return Ok(key);
    }
    if let Ok(("PUBLIC KEY", spki)) = sigstead_key::pem::decode(&pem)
        && let Ok(key) = PublicKey::from_signer_spki_der(&spki)
    {
        return Ok(key);
    }
    let chain = Certificate::chain_from_pem(&pem).map_err(|error| failed(&error))?;
    let first = chain
        .first()
        .ok_or_else(|| failed(&"it has no certificate"))?;
    Ok(first.public_key().clone())
}
