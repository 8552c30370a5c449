//! `sigctl key create`.

use clap::{Args, ValueEnum};
use sigstead_key::Algorithm;

use super::place::{self, Place};
use super::shown::{self, Shown};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Which key, and where.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// P-256 is what every client takes for every role but that of the issuer, which has RSA.
    #[arg(long, value_enum, default_value_t = Kind::EcdsaP256)]
    algorithm: Kind,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    Ed25519,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    /// In files; no client verifies it yet, and no role takes it.
    MlDsa44,
    /// In files; no client verifies it yet, and no role takes it.
    MlDsa65,
}

impl From<Kind> for Algorithm {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::EcdsaP256 => Self::EcdsaP256Sha256,
            Kind::EcdsaP384 => Self::EcdsaP384Sha384,
            Kind::EcdsaP521 => Self::EcdsaP521Sha512,
            Kind::Ed25519 => Self::Ed25519,
            Kind::Rsa2048 => Self::RsaPkcs1v15_2048Sha256,
            Kind::Rsa3072 => Self::RsaPkcs1v15_3072Sha256,
            Kind::Rsa4096 => Self::RsaPkcs1v15_4096Sha256,
            Kind::MlDsa44 => Self::MlDsa44,
            Kind::MlDsa65 => Self::MlDsa65,
        }
    }
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.place.config()?;
    place::make(&config, arguments.algorithm.into()).await?;
    let signer = shown::open(&config).await?;
    output.print(&Shown::of(&config, signer.as_ref()), Shown::text);
    Ok(Exit::Done)
}
