//! `sigctl key`: makes keys, brings keys of other programs in, and tries keys out, wherever they are.

mod attest;
mod create;
mod fields;
mod found_or_made;
mod import;
mod place;
mod place_fields;
mod probe;
mod role;
mod shown;

use clap::{Args, Subcommand};

pub(crate) use self::fields::KeyFields;
pub(crate) use self::found_or_made::{is_there, open_or_make};
pub(crate) use self::place::make;
pub(crate) use self::place_fields::{PlaceFields, misplaced};
pub(crate) use self::role::KeyRole;
pub(crate) use self::shown::unusable;

use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What is done with a key.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a key: in a file that a passphrase opens, or in a token or a server that never gives it out.
    Create(create::Arguments),
    /// Put a key of OpenSSL, cosign or Fulcio into a file, a token or a server.
    Import(import::Arguments),
    /// Check what the device of a key says of it: that it was made there and cannot have been elsewhere.
    Attest(attest::Arguments),
    /// Have a key sign, and check it for a role and against what it is to serve.
    Probe(probe::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Create(arguments) => create::run(&arguments, output).await,
        Verb::Import(arguments) => import::run(&arguments, output).await,
        Verb::Attest(arguments) => attest::run(&arguments, output).await,
        Verb::Probe(arguments) => probe::run(&arguments, output).await,
    }
}
