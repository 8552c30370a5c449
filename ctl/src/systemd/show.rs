//! `sigctl systemd show`: prints the units.

use clap::Args;

use super::unit::{self, Unit};
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// Whose units.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let units = unit::all(&arguments.instance.open()?)?;
    output.print(&units, |units| {
        let texts = units.iter().map(text);
        texts.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn text(unit: &Unit) -> String {
    format!("# {}\n{}", unit.name, unit.content)
}
