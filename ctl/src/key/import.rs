//! `sigctl key import`.

use std::path::PathBuf;

use clap::Args;
use sigstead_signer::PrivateKey;

use super::place::{self, LARGEST, Place, passphrase};
use super::shown::{self, Shown};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::private;

/// Which key, and where to.
#[derive(Args)]
#[command(after_help = "\
Takes PKCS #8 (encrypted or not), SEC 1 and PKCS #1 as OpenSSL writes them, Fulcio's encrypted file, and cosign.key. The file
stays where it is: a key that is to be in a token or a server alone is better made there (sigctl key create).")]
pub(super) struct Arguments {
    /// The file with the key, PEM.
    #[arg(value_name = "FILE")]
    from: PathBuf,

    #[command(flatten)]
    to: Place,

    /// The file with the passphrase that opens FILE.
    #[arg(long, value_name = "FILE")]
    from_passphrase_file: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.to.config()?;
    let from = &arguments.from;
    let pem = private::read(from, LARGEST).map_err(|error| Failure::file("read", from, error))?;
    let opens = arguments.from_passphrase_file.as_deref();
    let opens = opens.map(passphrase).transpose()?;
    let key = PrivateKey::from_any_pem(&String::from_utf8_lossy(&pem), opens.as_deref());
    let key = key.map_err(|error| Failure::file("open", from, sigstead_kit::causes(&error)))?;
    place::put(&config, &key).await?;
    let signer = shown::open(&config).await?;
    if signer.public_key() != key.public_key() {
        return Err(Failure::new(
            "E-KEY-023",
            format!("{config} is another key than that of {}", from.display()),
            "remove what was put there, and try again",
        ));
    }
    output.print(&Shown::of(&config, signer.as_ref()), Shown::text);
    Ok(Exit::Done)
}
