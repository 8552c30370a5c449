//! `sigctl completions`: a script that completes commands in a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::failure::Failure;

/// For which shell.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut command = crate::Arguments::command();
    clap_complete::generate(
        arguments.shell,
        &mut command,
        "sigctl",
        &mut std::io::stdout(),
    );
    Ok(())
}
