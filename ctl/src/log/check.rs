use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Args;
use serde::Serialize;
use sigstead_key::PublicKey;
use tokio::process::Command;

use super::name::choose;
use super::print::Log;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::private;
use crate::process::program;

/// What is checked.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// The log's name, or its host if no other log has it. Default: all logs.
    #[arg(long)]
    log: Option<String>,
    /// A file of acknowledged entries that must all be there, one JSON document a line; with --log only.
    #[arg(long, requires = "log")]
    ledger: Option<PathBuf>,
}

#[derive(Serialize)]
struct Checked {
    origin: String,
    said: String,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let all = super::list(&instance).await?;
    let all: Vec<_> = all.iter().map(Log::from).collect();
    let names: Vec<_> = all.iter().map(|log| log.origin.clone()).collect();
    let asked = arguments.log.as_deref();
    let asked = asked.map(|log| choose(&names, Some(log))).transpose()?;
    let is_asked = |log: &&Log| asked.as_ref().is_none_or(|asked| log.origin == *asked);
    let mut checked = Vec::new();
    for log in all.iter().filter(is_asked) {
        let before = all.iter().take_while(|other| other.origin != log.origin);
        // The promises of Rekor v1 number entries through all shards.
        let shards = before.filter(|other| other.face == "rekor-v1" && log.face == "rekor-v1");
        let first_index = shards.map(|shard| shard.size).sum();
        let ledger = arguments.ledger.as_deref();
        checked.push(check(&instance, log, first_index, ledger).await?);
    }
    output.print(&checked, |checked| {
        let lines = checked.iter().map(|each| each.said.clone());
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

async fn check(
    instance: &Instance,
    log: &Log,
    first_index: u64,
    ledger: Option<&Path>,
) -> Result<Checked, Failure> {
    let mut command = Command::from(program("logcheck")?);
    let key_file = write_key(instance, log)?;
    let url = instance.manifest.local_url(Service::Tlog);
    command
        .arg(log.face)
        .args(["--url", &format!("{url}/logs/{}", log.log_id)])
        .args(["--first-index", &first_index.to_string()])
        .args(["--origin", &log.origin, "--key"])
        .arg(&key_file)
        .stdin(Stdio::null());
    if let Some(ledger) = ledger {
        command.arg("--ledger").arg(ledger);
    }
    if instance.manifest.tls {
        command.env("SSL_CERT_FILE", instance.path("client/tls-ca.pem"));
    }
    let answer = command.output().await;
    let answer = answer.map_err(|error| {
        Failure::file("start", Path::new(command.as_std().get_program()), error)
    })?;
    // It is cheap to write again, and stale keys would only confuse.
    let _ = std::fs::remove_file(&key_file);
    verdict(log, &answer)
}

fn write_key(instance: &Instance, log: &Log) -> Result<PathBuf, Failure> {
    let path = instance.path("run").join(format!("{}.pub", log.log_id));
    let key = PublicKey::from_spki_der(&log.public_key)
        .map_err(|error| Failure::service("tlog", &log.origin, error))?;
    // Only `sigctl up` makes the folder otherwise, and a supervisor may have started the services.
    private::write(&path, key.to_pem().as_bytes())?;
    Ok(path)
}

fn verdict(log: &Log, answer: &std::process::Output) -> Result<Checked, Failure> {
    let said = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if answer.status.success() {
        return Ok(Checked {
            origin: log.origin.clone(),
            said,
        });
    }
    let errors = String::from_utf8_lossy(&answer.stderr);
    let failure = if answer.status.code() == Some(NOT_CHECKED) {
        Failure::new(
            "E-CTL-053",
            format!("nothing can be said about {}", log.origin),
            "see to what the cause names, and check again; `sigctl status` shows what runs",
        )
    } else {
        Failure::new(
            "E-CTL-015",
            format!("{} is not sound", log.origin),
            "keep the data directory as it is, and compare with what monitors have seen",
        )
    };
    Err(failure.because(format!("{said}\n{errors}").trim()))
}

/// How the verifier ends when it came to no verdict.
const NOT_CHECKED: i32 = 2;
