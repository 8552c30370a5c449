//! `sigctl authority request`: what is to be certified.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_x509::ExtendedKeyUsage;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;
use crate::private;
use crate::rotate::{Awaited, ChainRole};

/// Whose request.
#[derive(Args)]
pub(super) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// Which rotation waits.
    #[arg(value_enum)]
    role: ChainRole,

    /// Write it into this file too, to be sent.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Serialize)]
struct Requested {
    role: &'static str,
    rotation: u32,
    asks: Vec<String>,
    request: String,
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let awaited = arguments.role.awaited(&instance)?;
    if let Some(to) = &arguments.to {
        if to.symlink_metadata().is_ok() {
            return Err(Failure::new(
                "E-CEREMONY-003",
                format!("{} is there already", to.display()),
                "name a file that is not there",
            )
            .exit(Exit::Refused));
        }
        // A request is no secret, and others than its owner send it.
        let written = private::with_callers_umask(|| {
            sigstead_durable::replace(to, awaited.request.as_bytes())
        });
        written.map_err(|error| Failure::file("write", to, error))?;
    }
    let requested = Requested {
        role: awaited.role,
        rotation: awaited.number,
        asks: asks(&awaited),
        file: arguments.to.clone().unwrap_or_else(|| awaited.file.clone()),
        request: awaited.request,
    };
    output.print(&requested, text);
    Ok(())
}

/// A sentence for each thing that the chain needs.
fn asks(awaited: &Awaited) -> Vec<String> {
    let subject = &awaited.subject;
    let mut asks = vec![
        format!(
            "the next key of {} asks to be certified as {}, {}",
            awaited.what, subject.common_name, subject.organization
        ),
        match awaited.usage {
            ExtendedKeyUsage::TimeStamping => {
                "for time stamping alone, by a critical extended key usage; key usage: digital signatures".to_owned()
            }
            _ => "as an authority for code signing that makes no further ones: path length 0; key usage: signing of certificates and revocation lists".to_owned(),
        },
        format!("from now until after {}", awaited.counts_until.date()),
        match &awaited.new_root {
            Some(_) => "below a root that clients do not have yet".to_owned(),
            None => format!(
                "below the root of now, {}",
                awaited.root_of_now.subject_name().common_name
            ),
        },
    ];
    asks.push("what comes back is all of the chain, the self-signed root last".to_owned());
    asks
}

fn text(requested: &Requested) -> String {
    let mut lines = requested.asks.clone();
    lines.push(format!("the request is {}", requested.file.display()));
    lines.push(format!(
        "next: sigctl authority accept DIR {} --chain FILE",
        requested.role
    ));
    lines.join("\n")
}
