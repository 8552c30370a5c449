//! `sigctl systemd show`: prints the units.

use clap::Args;

use super::backup::Nightly;
use super::unit::{self, Unit};
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// Whose units.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    #[command(flatten)]
    nightly: Nightly,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let mut units = unit::all(&instance)?;
    units.extend(arguments.nightly.units(&instance)?);
    output.print(&units, |units| {
        let texts = units.iter().map(text);
        texts.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn text(unit: &Unit) -> String {
    format!("# {}\n{}", unit.name, unit.content)
}
