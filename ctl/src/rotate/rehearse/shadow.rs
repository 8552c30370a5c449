//! An instance for a rehearsal, which goes with it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::beside::Beside;
use crate::ct_log::CtLog;
use crate::failure::Failure;
use crate::instance::Instance;

/// The instance, in a folder of its own. With this value its services stop and the folder goes.
pub(super) struct Shadow {
    folder: Beside,
    clients: Option<PathBuf>,
}

impl Shadow {
    /// Makes one with the choices of `real`. Tokens are made on the spot, as in any dev instance.
    pub(super) async fn make(real: &Instance, clients: Option<&Path>) -> Result<Self, Failure> {
        let manifest = &real.manifest;
        let shadow = Self {
            folder: Beside::create(&std::env::temp_dir().join("rehearsal"))?,
            clients: clients.map(Path::to_owned),
        };
        let port = free_port()?.to_string();
        let anchors = shadow.path("anchors").display().to_string();
        let mut made = vec!["init", "--name", &manifest.name, "--base-port", &port];
        made.extend(["--anchors", &anchors, "--ct-log"]);
        made.push(match manifest.ct_log {
            CtLog::Own => "own",
            CtLog::None => "none",
        });
        made.extend(manifest.tls.then_some("--tls"));
        let lifetimes = manifest.lifetimes.as_arguments();
        made.extend(lifetimes.iter().map(String::as_str));
        shadow.run(&made).await?;
        Ok(shadow)
    }

    pub(super) fn instance(&self) -> Result<Instance, Failure> {
        Instance::open(&self.path("instance"))
    }

    /// Runs a command of this program about the instance, and gives its result.
    pub(super) async fn run(&self, words: &[&str]) -> Result<Value, Failure> {
        let finished = self.run_unless_waiting(words).await?;
        finished.ok_or_else(|| failed(&words.join(" "), "it waits"))
    }

    /// The same of a command that may have to wait; then there is nothing.
    pub(super) async fn run_unless_waiting(
        &self,
        words: &[&str],
    ) -> Result<Option<Value>, Failure> {
        let mut command = self.command(words)?;
        if !words.contains(&"--instance") {
            command.arg(self.path("instance"));
        }
        let output = command.output().await;
        let output = output.map_err(|error| Failure::io("cannot run sigctl", error))?;
        let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        match output.status.code() {
            Some(0 | 3) => Ok(Some(answer)),
            Some(6) => Ok(None),
            _ => Err(failed(&words.join(" "), &why(&answer, &output.stderr))),
        }
    }

    /// A file with a signature of a person, and its bundle beside it.
    pub(super) async fn sign(&self, name: &str) -> Result<PathBuf, Failure> {
        let file = self.path(&format!("{name}.txt"));
        let text = format!("signed {name} a rehearsed rotation\n");
        fs::write(&file, text).map_err(|error| Failure::file("write", &file, error))?;
        let bundle = bundle_of(&file);
        let mut command = self.command(&["sign", "--identity", PERSON])?;
        command
            .arg("--bundle")
            .arg(&bundle)
            .arg(self.path("instance"));
        self.finish(command.arg(&file), "sign").await?;
        Ok(file)
    }

    pub(super) async fn verify(&self, file: &Path) -> Result<(), Failure> {
        let mut command = self.command(&["verify", "--identity", PERSON])?;
        command.arg("--instance").arg(self.path("instance"));
        command.arg("--bundle").arg(bundle_of(file));
        self.finish(command.arg(file), "verify").await
    }

    async fn finish(&self, command: &mut Command, what: &str) -> Result<(), Failure> {
        let output = command.output().await;
        let output = output.map_err(|error| Failure::io("cannot run sigctl", error))?;
        let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        match output.status.success() {
            true => Ok(()),
            false => Err(failed(what, &why(&answer, &output.stderr))),
        }
    }

    fn command(&self, words: &[&str]) -> Result<Command, Failure> {
        let ours = std::env::current_exe();
        let ours = ours.map_err(|error| Failure::io("cannot find sigctl", error))?;
        let mut command = Command::new(ours);
        command.args(["--output", "json"]).args(words);
        command.env_remove("SIGSTEAD_DIR").stdin(Stdio::null());
        if let Some(clients) = &self.clients {
            command.env("SIGSTEAD_CLIENTS", clients);
        }
        command.kill_on_drop(true);
        Ok(command)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        let Ok(command) = self.command(&["down"]) else {
            return;
        };
        let mut command = command.into_std();
        command.arg(self.path("instance"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // What it leaves cannot be told better than what led here; the folder with the keys goes in any case.
        let _ = command.status();
    }
}

fn bundle_of(file: &Path) -> PathBuf {
    file.with_extension("sigstore.json")
}

/// A port that was free just now, with room for those of all services behind it.
fn free_port() -> Result<u16, Failure> {
    for _ in 0..ATTEMPTS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let address = listener.and_then(|listener| listener.local_addr());
        let first = address
            .map_err(|error| Failure::io("no free port", error))?
            .port();
        let others = (first..=u16::MAX).take(PORTS);
        let free = others.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
        if free.count() == PORTS {
            return Ok(first);
        }
    }
    Err(Failure::io(
        "no free ports",
        std::io::ErrorKind::AddrInUse.into(),
    ))
}

fn why(answer: &Value, complaint: &[u8]) -> String {
    let error = &answer["error"];
    match (error["code"].as_str(), error["message"].as_str()) {
        (Some(code), Some(message)) => {
            let cause = error["cause"].as_str().map(|cause| format!(": {cause}"));
            format!("{code}: {message}{}", cause.unwrap_or_default())
        }
        _ => String::from_utf8_lossy(complaint).trim().to_owned(),
    }
}

pub(super) fn failed(what: &str, why: &str) -> Failure {
    Failure::new(
        "E-CTL-461",
        format!("the rehearsal did not go well: `sigctl {what}` on the copy"),
        "nothing of this instance was touched; mend what the cause says before you rotate it",
    )
    .because(why)
}

/// RFC 2606 §2: no such name is anybody's.
const PERSON: &str = "nobody@rehearsal.invalid";
/// Three for each service.
const PORTS: usize = 18;
const ATTEMPTS: usize = 50;
