//! `sigctl`: makes, starts, inspects and uses a Sigstead instance.
//!
//! One file per subcommand, named as it is typed, each with its arguments, its `run` and its output. Everything that a
//! person reads on a failure is a `Failure`: a code, what is wrong, what to do.
//!
//! Exit codes, of every command: 0 done; 1 failed, with a code that `sigctl explain` knows; 2 the command line is wrong;
//! 3 warnings only; 4 what is needed cannot be reached; 5 refused as unsafe; 6 waits for time or for a person; 10 to 14 what is
//! wrong with an archive (`airgap`).

mod admin;
mod administrators;
mod airgap;
mod audit;
mod authority;
mod backup;
mod beside;
mod bucket;
mod calendar;
mod ceremony;
mod client;
mod cluster;
mod completions;
mod configured;
mod configured_log;
mod context;
mod copies;
mod ct_log;
mod doctor;
mod down;
mod drill;
mod drill_measures;
mod elapsed;
mod emergency;
mod env;
mod explain;
mod export;
mod failure;
mod format;
mod hold;
mod http;
mod import;
mod init;
mod input;
mod instance;
mod interrupt;
mod inventory;
mod issued;
mod issuer;
mod issuer_states;
mod key;
mod key_files;
mod keys;
mod kubectl;
mod kubernetes;
mod lifetimes;
mod locate;
mod log;
mod log_configs;
mod logs;
mod man;
mod names;
mod oidc;
mod operator_key;
mod output;
mod own_certificate;
mod passphrase;
mod policy;
mod preflight;
mod private;
mod private_service;
mod probe;
mod process;
mod profile;
mod proxy;
mod published_files;
mod reach;
mod recorded;
mod reload;
mod replace;
mod restart;
mod restore;
mod rotate;
mod rotations;
mod service_log;
mod service_status;
mod services;
mod sign;
mod start;
mod started;
mod status;
mod systemd;
mod tiles;
mod timestamp;
mod tls_files;
mod token;
mod token_source;
mod trust;
mod trust_batch;
mod up;
mod upgrade;
mod verify;
mod version;
mod walk;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::failure::{Exit, Failure};
use crate::output::Output;

pub use version::LONG as VERSION;

/// Makes, starts, inspects and uses a private Sigstore.
#[derive(Parser)]
#[command(name = "sigctl", version = version::LONG, arg_required_else_help = true)]
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
    /// Look whether a machine or a cluster is one for an instance, before there is one.
    Preflight(preflight::Arguments),
    /// Start the services of an instance and wait until they are ready.
    Up(up::Arguments),
    /// Stop the services of an instance.
    Down(down::Arguments),
    /// Stop services and start them again.
    Restart(restart::Arguments),
    /// Let running services read again what they can without a restart.
    Reload(reload::Arguments),
    /// Show each service, where it is and how it does.
    Status(status::Arguments),
    /// Check the whole instance, and say what to do about each fault.
    Doctor(doctor::Arguments),
    /// Sign for real again and again, and measure what comes of it.
    Probe(Box<probe::Arguments>),
    /// Show what services logged.
    Logs(logs::Arguments),
    /// Print the shell variables with which clients use this instance.
    Env(env::Arguments),
    /// Administer the identity issuer.
    Oidc(oidc::Arguments),
    /// See and change whose tokens are believed.
    Issuer(issuer::Arguments),
    /// Try rules out, before they are in force.
    Policy(policy::Arguments),
    /// See what the certificate authority issued.
    Issued(issued::Arguments),
    /// Say who may administer an instance, and until when.
    Admin(administrators::Arguments),
    /// See what administrators did, and check that the record of it was not changed.
    Audit(audit::Arguments),
    /// See and administer the transparency logs.
    Log(log::Arguments),
    /// Configure a reverse proxy for an instance.
    Proxy(proxy::Arguments),
    /// Have systemd run an instance on a server.
    Systemd(systemd::Arguments),
    /// See and publish what clients trust.
    Trust(trust::Arguments),
    /// Give people and programs what they need to sign and verify.
    Client(client::Arguments),
    /// Make, bring in and try out a key, in a file or a token.
    Key(Box<key::Arguments>),
    /// List all keys, certificates and signed files, and when they end.
    Keys(keys::Arguments),
    /// Say what has to be done when, so that nothing ends by surprise.
    Calendar(calendar::Arguments),
    /// Have the next root signed by several people, each on a machine of her own.
    Ceremony(Box<ceremony::Arguments>),
    /// Have somebody else certify the next key of an authority.
    Authority(authority::Arguments),
    /// Replace a key by the next, announced before it is used.
    Rotate(rotate::Arguments),
    /// End a key that is in other hands, and say what it signed since.
    Emergency(emergency::Arguments),
    /// Put an instance into one encrypted file, while its services run.
    Backup(Box<backup::Arguments>),
    /// Make an instance out of a backup.
    Restore(Box<restore::Arguments>),
    /// Try out whether a backup can be restored, and say what that would give.
    Drill(Box<drill::Arguments>),
    /// Make of an instance of an earlier release what this release makes.
    Upgrade(Box<upgrade::Arguments>),
    /// Write what is new in a log, or what clients trust, to be carried to where no network leads.
    Export(export::Arguments),
    /// Take into a copy what was carried here of a log, or of what clients trust.
    Import(import::Arguments),
    /// Carry Sigstead itself to where no network leads: programs, images, chart, manual, in one signed archive.
    Airgap(Box<airgap::Arguments>),
    /// Make of an instance what the chart mounts.
    Kubernetes(kubernetes::Arguments),
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
    /// Write the manual pages into a folder.
    Man(man::Arguments),
    /// Print which version this is.
    Version(version::Arguments),
}

/// The program. The first of `arguments` is what it was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    private::restrict();
    // The rest of the tree has one provider too, but only a program can say which one counts.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let exit = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => start(arguments),
        Err(error) => misused(&error, &arguments),
    };
    match exit {
        Exit::Done if output::is_cut() => {
            let cut = Failure::new(
                "E-CTL-001",
                "the result could not be written whole",
                "make room where standard output goes, then repeat the command",
            );
            cut.print(Output::Text).into()
        }
        exit => exit.into(),
    }
}

fn start(Arguments { output, command }: Arguments) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(command, output)),
        Err(error) => Err(Failure::io("cannot start the event loop", error)),
    };
    result.unwrap_or_else(|failure| failure.print(output))
}

/// The answer to a command line that is wrong, or that asks for help.
fn misused(error: &clap::Error, words: &[OsString]) -> Exit {
    let is_asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if !is_asked && wants_json(words) {
        let message = error.render().to_string();
        let message = message.trim_start_matches("error: ").trim();
        let failure = Failure::new("E-CTL-012", message, "sigctl help");
        return failure.print(Output::Json);
    }
    // A reader that went away wants no help either.
    let _ = error.print();
    if is_asked { Exit::Done } else { Exit::Usage }
}

/// Whether the command line that could not be parsed asks for JSON.
fn wants_json(words: &[OsString]) -> bool {
    let pairs = words.windows(2);
    words.iter().any(|word| word == "--output=json")
        || pairs.into_iter().any(|pair| pair == ["--output", "json"])
}

async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Status(arguments) => return status::run(arguments, output).await,
        Command::Doctor(arguments) => return doctor::run(arguments, output).await,
        Command::Preflight(arguments) => return preflight::run(arguments, output).await,
        Command::Probe(arguments) => return probe::run(*arguments, output).await,
        Command::Issuer(arguments) => return issuer::run(arguments, output).await,
        Command::Policy(arguments) => return policy::run(&arguments, output),
        Command::Backup(arguments) => return backup::run(*arguments, output).await,
        Command::Restore(arguments) => return restore::run(*arguments, output).await,
        Command::Drill(arguments) => return drill::run(*arguments, output).await,
        Command::Upgrade(arguments) => return upgrade::run(*arguments, output).await,
        Command::Init(arguments) => init::run(arguments, output).await?,
        Command::Up(arguments) => up::run(arguments, output).await?,
        Command::Down(arguments) => down::run(arguments, output).await?,
        Command::Restart(arguments) => restart::run(arguments, output).await?,
        Command::Reload(arguments) => reload::run(arguments, output).await?,
        Command::Logs(arguments) => logs::run(arguments, output).await?,
        Command::Env(arguments) => env::run(arguments, output).await?,
        Command::Oidc(arguments) => oidc::run(arguments, output).await?,
        Command::Issued(arguments) => issued::run(arguments, output).await?,
        Command::Admin(arguments) => administrators::run(arguments, output).await?,
        Command::Audit(arguments) => audit::run(arguments, output)?,
        Command::Log(arguments) => log::run(arguments, output).await?,
        Command::Proxy(arguments) => proxy::run(arguments, output)?,
        Command::Systemd(arguments) => systemd::run(arguments, output)?,
        Command::Trust(arguments) => return trust::run(arguments, output).await,
        Command::Key(arguments) => return key::run(*arguments, output).await,
        Command::Keys(arguments) => return keys::run(&arguments, output).await,
        Command::Calendar(arguments) => return calendar::run(&arguments, output).await,
        Command::Ceremony(arguments) => return ceremony::run(*arguments, output).await,
        Command::Authority(arguments) => return authority::run(arguments, output).await,
        Command::Rotate(arguments) => return rotate::run(arguments, output).await,
        Command::Emergency(arguments) => return emergency::run(arguments, output).await,
        Command::Client(arguments) => client::run(arguments, output).await?,
        Command::Token(arguments) => token::run(arguments, output).await?,
        Command::Sign(arguments) => sign::run(arguments, output).await?,
        Command::Verify(arguments) => verify::run(*arguments, output).await?,
        Command::Export(arguments) => export::run(arguments, output).await?,
        Command::Import(arguments) => import::run(arguments, output).await?,
        Command::Airgap(arguments) => airgap::run(*arguments, output).await?,
        Command::Explain(arguments) => explain::run(&arguments, output)?,
        Command::Kubernetes(arguments) => return kubernetes::run(arguments, output).await,
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments, output)?,
        Command::Version(arguments) => version::run(arguments, output),
    }
    Ok(Exit::Done)
}
