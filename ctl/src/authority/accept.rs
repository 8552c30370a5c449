//! `sigctl authority accept`: the chain that came back.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum as _};
use serde::Serialize;
use sigstead_x509::Certificate;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;
use crate::private;
use crate::recorded::Recorded;
use crate::rotate::ChainRole;

/// Which chain.
#[derive(Args)]
pub(super) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// Which rotation waits for it.
    #[arg(value_enum)]
    role: ChainRole,

    /// The certificates, PEM: that of the key first, the self-signed root last.
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,

    /// Only say whether it would be taken.
    #[arg(long)]
    check: bool,
}

#[derive(Serialize)]
struct Accepted {
    role: String,
    /// The common names, as they are in the chain.
    chain: Vec<String>,
    accepted: bool,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let role = arguments.role;
    // Whether somebody waits is said before what is wrong with a file.
    role.awaited(&instance)?;
    let chain = read(&arguments.chain)?;
    role.check(&instance, &chain)?;
    let name = role.to_possible_value();
    let name = name.map(|name| name.get_name().to_owned());
    let name = name.unwrap_or_default();
    if !arguments.check {
        let root = chain.last().map(|root| root.public_key().fingerprint());
        let asked = [("role", name.clone()), ("root", root.unwrap_or_default())];
        let recorded = Recorded::begin(&instance, "sigctl authority accept", &asked).await?;
        recorded.end(role.accept(&instance, &chain)).await?;
    }
    let names = chain.iter().map(|each| each.subject_name().common_name);
    let accepted = Accepted {
        role: name,
        chain: names.collect(),
        accepted: !arguments.check,
    };
    output.print(&accepted, text);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let bytes = private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error))?;
    let text = String::from_utf8_lossy(&bytes);
    Certificate::chain_from_pem(&text).map_err(|error| {
        Failure::new(
            "E-CEREMONY-034",
            format!("{} has no chain of certificates", path.display()),
            "write the certificates in PEM and nothing else: that of the key first, each followed by its issuer, and the self-signed root last",
        )
        .because(error)
        .exit(Exit::Refused)
    })
}

fn text(accepted: &Accepted) -> String {
    let names = accepted.chain.join(", below ");
    match accepted.accepted {
        true => format!(
            "took the chain: {names}\nnext: sigctl rotate {} resume",
            accepted.role
        ),
        false => format!("the chain could be taken: {names}; nothing was changed"),
    }
}

/// More than a chain of several certificates has.
const LARGEST: u64 = 256 << 10;
