//! `sigctl`: makes, starts, inspects and uses a Sigstead instance.
//!
//! One file per subcommand, named as it is typed, each with its arguments, its `run` and its output. Everything that a
//! person reads on a failure is a [`failure::Failure`]: a code, what is wrong, what to do.
//!
//! Exit codes: 0 done; 1 refused or failed, with a code that `sigctl explain` knows; 2 the command line is wrong.

mod admin;
mod completions;
mod down;
mod env;
mod explain;
mod failure;
mod http;
mod init;
mod instance;
mod log;
mod logs;
mod oidc;
mod output;
mod process;
mod sign;
mod status;
mod token;
mod trust;
mod up;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// Makes, starts, inspects and uses a private Sigstore.
#[derive(Parser)]
#[command(name = "sigctl", version, arg_required_else_help = true)]
struct Arguments {
    /// How to print results.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create an instance: keys, configurations, trust root, client kit.
    Init(init::Arguments),
    /// Start the services of an instance and wait until they are ready.
    Up(up::Arguments),
    /// Stop the services of an instance.
    Down(down::Arguments),
    /// Show each service, where it is and how it does.
    Status(status::Arguments),
    /// Show what services logged.
    Logs(logs::Arguments),
    /// Print the shell variables with which clients use this instance.
    Env(env::Arguments),
    /// Administer the identity issuer.
    Oidc(oidc::Arguments),
    /// See and administer the transparency logs.
    Log(log::Arguments),
    /// See and publish what clients trust.
    Trust(trust::Arguments),
    /// Print an identity token for tests.
    Token(token::Arguments),
    /// Sign a file and write its bundle.
    Sign(sign::Arguments),
    /// Verify a file and its bundle, offline.
    Verify(Box<verify::Arguments>),
    /// Tell what a failure's code means and what to do.
    Explain(explain::Arguments),
    /// Print a completion script.
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    // The rest of the tree has one provider too, but only a program can say which one counts.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Arguments { output, command } = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(command, output)),
        Err(error) => Err(Failure::io("cannot start the event loop", error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(output);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, output).await,
        Command::Up(arguments) => up::run(arguments, output).await,
        Command::Down(arguments) => down::run(arguments, output).await,
        Command::Status(arguments) => status::run(arguments, output).await,
        Command::Logs(arguments) => logs::run(arguments, output).await,
        Command::Env(arguments) => env::run(arguments, output).await,
        Command::Oidc(arguments) => oidc::run(arguments, output).await,
        Command::Log(arguments) => log::run(arguments, output).await,
        Command::Trust(arguments) => trust::run(arguments, output).await,
        Command::Token(arguments) => token::run(arguments, output).await,
        Command::Sign(arguments) => sign::run(arguments, output).await,
        Command::Verify(arguments) => verify::run(*arguments, output).await,
        Command::Explain(arguments) => explain::run(arguments, output).await,
        Command::Completions(arguments) => completions::run(arguments),
    }
}
