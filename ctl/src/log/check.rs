use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Args;
use serde::Serialize;
use sigstead_key::PublicKey;
use sigstead_proto::admin::v1::LogInfo;
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
    let all = all(&instance).await?;
    let names: Vec<_> = all.iter().map(|served| served.log.origin.clone()).collect();
    let asked = arguments.log.as_deref();
    let asked = asked.map(|log| choose(&names, Some(log))).transpose()?;
    let is_asked = |served: &&Served| {
        let origin = &served.log.origin;
        asked.as_ref().is_none_or(|asked| origin == asked)
    };
    let mut checked = Vec::new();
    for served in all.iter().filter(is_asked) {
        let before = all.iter().map(|other| &other.log);
        let before = before.take_while(|other| other.origin != served.log.origin);
        // The promises of Rekor v1 number entries through all shards.
        let is_shard = |log: &Log| log.face == "rekor-v1";
        let shards = before.filter(|other| is_shard(other) && is_shard(&served.log));
        let first_index = shards.map(|shard| shard.size).sum();
        let ledger = arguments.ledger.as_deref();
        checked.push(check(&instance, served, first_index, ledger).await?);
    }
    output.print(&checked, |checked| {
        let lines = checked.iter().map(|each| each.said.clone());
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// A log, and the service that shows it.
struct Served {
    service: Service,
    log: Log,
}

/// The logs of signatures, then those of certificates.
async fn all(instance: &Instance) -> Result<Vec<Served>, Failure> {
    let served = |service| {
        move |log: &LogInfo| Served {
            service,
            log: Log::from(log),
        }
    };
    let logs = super::list(instance).await?;
    let mut all: Vec<_> = logs.iter().map(served(Service::Tlog)).collect();
    if instance.manifest.ct_log.is_own() {
        let logs = super::list_ct(instance).await?;
        all.extend(logs.iter().map(served(Service::Ctlog)));
    }
    Ok(all)
}

async fn check(
    instance: &Instance,
    Served { service, log }: &Served,
    first_index: u64,
    ledger: Option<&Path>,
) -> Result<Checked, Failure> {
    let mut command = Command::from(program("logcheck")?);
    let key_file = write_key(instance, log)?;
    let url = instance.manifest.local_url(*service);
    command
        .arg(face(log))
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

/// As the verifier calls the form of a log.
fn face(log: &Log) -> &'static str {
    match log.face {
        "ct" => "static-ct",
        face => face,
    }
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
