use std::ffi::OsString;
use std::future::Future;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, ArgAction, Command, value_parser};
use rustix::fs::Mode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config_file::{ConfigError, read_config};
use crate::descriptors;
use crate::reload::Reload;
use crate::service::Service;
use crate::supervisor::Supervisor;
use crate::telemetry::{LogFilter, LogFormat, Telemetry, TelemetryConfig};

/// The configuration of a service, as far as [`main()`] has to know it.
pub trait ServiceConfig: DeserializeOwned + Serialize {
    /// How the process logs and traces.
    fn telemetry(&self) -> &TelemetryConfig;

    /// What the types cannot say: fields that contradict each other.
    ///
    /// # Errors
    /// A sentence that names the fields and says what to do.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The whole `main` of a service: arguments, configuration, telemetry, `build`, run, drain.
///
/// The process works in the folder of its configuration file, so that relative paths in the file
/// are relative to the file. Files that it makes are for its own user alone. The first of `arguments` is what the program
/// was called by, for its help.
pub fn main<C, F, Fut, E>(name: &'static str, arguments: Vec<OsString>, build: F) -> ExitCode
where
    C: ServiceConfig,
    F: FnOnce(C) -> Fut,
    Fut: Future<Output = Result<Service, E>>,
    E: Into<anyhow::Error>,
{
    main_with_check(name, arguments, async |_: &C| Ok(()), build)
}

/// As [`main()`], with a `check` of what the configuration names, for `--check`. It must change nothing
/// and need nothing that the running service holds.
pub fn main_with_check<C, K, F, Fut, E>(
    name: &'static str,
    arguments: Vec<OsString>,
    check: K,
    build: F,
) -> ExitCode
where
    C: ServiceConfig,
    K: AsyncFnOnce(&C) -> Result<(), E>,
    F: FnOnce(C) -> Fut,
    Fut: Future<Output = Result<Service, E>>,
    E: Into<anyhow::Error>,
{
    let arguments = Arguments::parse(name, arguments);
    match start(name, arguments, check, build) {
        Ok(code) => code,
        Err(error) => {
            // The process may have failed before it could log; one line on standard error is what
            // a supervisor shows.
            let line = format!("sigstead-{name}: {error:#}\n");
            let _written = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn start<C, K, F, Fut, E>(
    name: &'static str,
    arguments: Arguments,
    check: K,
    build: F,
) -> anyhow::Result<ExitCode>
where
    C: ServiceConfig,
    K: AsyncFnOnce(&C) -> Result<(), E>,
    F: FnOnce(C) -> Fut,
    Fut: Future<Output = Result<Service, E>>,
    E: Into<anyhow::Error>,
{
    keep_files_private();
    let config: C = load(&arguments.config)?;
    let file = std::path::absolute(&arguments.config).context("cannot name the configuration")?;
    enter_folder_of(&arguments.config)?;
    descriptors::raise();
    // An error means that it is installed already, which is what is wanted.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = runtime()?;
    if arguments.only_check {
        let checked = runtime.block_on(check(&config));
        return checked.map(|()| ExitCode::SUCCESS).map_err(Into::into);
    }
    runtime.block_on(async {
        let format = config.telemetry().log_format;
        let telemetry = Telemetry::init(config.telemetry(), name)?;
        log_panics();
        let hang_up = HangUp::<C>::of(file, &telemetry)?;
        let outcome = serve(name, config, build, hang_up).await;
        telemetry.shutdown().await;
        match (outcome, format) {
            (Ok(()), _) => Ok(ExitCode::SUCCESS),
            (Err(error), LogFormat::Text) => Err(error),
            // The last line is for machines as well, and the only one that says why.
            (Err(error), LogFormat::Json) => {
                tracing::error!("sigstead-{name}: {error:#}");
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

async fn serve<C, F, Fut, E>(
    name: &'static str,
    config: C,
    build: F,
    hang_up: HangUp<C>,
) -> anyhow::Result<()>
where
    C: ServiceConfig,
    F: FnOnce(C) -> Fut,
    Fut: Future<Output = Result<Service, E>>,
    E: Into<anyhow::Error>,
{
    let version = env!("CARGO_PKG_VERSION");
    let mut effective = serde_json::to_value(&config).context("cannot show the configuration")?;
    redact(&mut effective);
    tracing::info!(version, config = %effective, "{name} is starting");
    // Before the build, so that a signal during a long start is not lost.
    let supervisor = Supervisor::of_this_process();
    let shutdown = stop_signal(supervisor.clone())?;
    let service = build(config).await.map_err(Into::into)?;
    let bound = service.bind().await?;
    // Who connects from now on is answered.
    supervisor.answers();
    let reload = bound.reloader();
    tokio::select! {
        () = bound.run(shutdown) => {}
        () = hang_up.follow(reload, supervisor) => {}
    }
    Ok(())
}

/// What SIGHUP does: it sets the level of the log as the configuration has it now, and has the service read again what it
/// can. It never ends the process, not even during the start, because a log rotation sends it at any time.
struct HangUp<C> {
    signal: Signal,
    file: PathBuf,
    filter: LogFilter,
    config: PhantomData<fn() -> C>,
}

impl<C: ServiceConfig> HangUp<C> {
    fn of(file: PathBuf, telemetry: &Telemetry) -> anyhow::Result<Self> {
        Ok(Self {
            signal: signal(SignalKind::hangup()).context("cannot listen for signals")?,
            file,
            filter: telemetry.filter(),
            config: PhantomData,
        })
    }

    /// Never ends by itself.
    async fn follow(mut self, reload: Reload, supervisor: Supervisor) {
        while self.signal.recv().await.is_some() {
            supervisor.reads_again();
            match load::<C>(&self.file) {
                Ok(config) => self.filter.set(config.telemetry().log_level),
                Err(error) => {
                    let cause = anyhow::Error::from(error);
                    tracing::error!("the configuration cannot be read again: {cause:#}");
                }
            }
            tracing::info!("told to read again what can be: certificates and the level of the log");
            reload.now();
            reload.followed().await;
            supervisor.answers();
        }
        std::future::pending().await
    }
}

/// Hashes of secrets are no secrets, but a log is read by more people than the configuration is.
fn redact(config: &mut Value) {
    match config {
        Value::Object(members) => {
            for (name, value) in members {
                if name.ends_with("_hash") && value.is_string() {
                    *value = Value::from("redacted");
                }
                redact(value);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(redact),
        _ => {}
    }
}

struct Arguments {
    config: PathBuf,
    only_check: bool,
}

impl Arguments {
    fn parse(name: &'static str, arguments: Vec<OsString>) -> Self {
        let matches = Command::new(format!("sigstead-{name}"))
            .version(env!("CARGO_PKG_VERSION"))
            .about(format!("The {name} service of a Sigstead instance"))
            .arg(
                Arg::new("config")
                    .long("config")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .default_value("config.yaml")
                    .help("The configuration file; relative paths in it are relative to it"),
            )
            .arg(
                Arg::new("check")
                    .long("check")
                    .action(ArgAction::SetTrue)
                    .help("Check the configuration and what it names, then exit"),
            )
            .get_matches_from(arguments);
        let config = matches
            .get_one::<PathBuf>("config")
            .cloned()
            .unwrap_or_default();
        Self {
            config,
            only_check: matches.get_flag("check"),
        }
    }
}

/// What a service writes is for its own user, whatever umask it inherits: databases and logs hold
/// password hashes, keys of forms and e-mail addresses. A wider mask gives them to every user of the
/// machine.
fn keep_files_private() {
    let others = Mode::RWXG | Mode::RWXO;
    let _inherited = rustix::process::umask(others);
}

fn load<C: ServiceConfig>(path: &std::path::Path) -> Result<C, ConfigError> {
    let config: C = read_config(path)?;
    config
        .check()
        .map_err(|message| ConfigError::Contradiction {
            path: path.to_owned(),
            message,
        })?;
    Ok(config)
}

fn enter_folder_of(config: &std::path::Path) -> anyhow::Result<()> {
    match config.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::env::set_current_dir(folder)
            .with_context(|| format!("cannot enter the folder {}", folder.display())),
        _ => Ok(()),
    }
}

/// A token that the first SIGTERM or SIGINT cancels. A second one ends the process at once, for
/// whoever does not want to wait for the drain.
fn stop_signal(supervisor: Supervisor) -> anyhow::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if cancel.is_cancelled() {
                tracing::warn!("told to stop a second time, ending at once");
                std::process::exit(1);
            }
            supervisor.stops();
            cancel.cancel();
        }
    });
    Ok(stop)
}

fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "a task panicked: {panic}");
    }));
}

/// Six services share a small machine; the work that takes time is hashing and signing, in short
/// pieces.
const WORKERS: usize = 2;
/// How many calls that block run at once in a process, such as those on files. More wait.
pub const MAX_BLOCKING_THREADS: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::redact;

    #[test]
    fn hashes_of_secrets_do_not_reach_the_log() {
        let mut config =
            json!({"clients": [{"id": "a", "secret_hash": "$argon2id$v=19$x"}, {"id": "b"}]});
        redact(&mut config);
        assert_eq!(
            config,
            json!({"clients": [{"id": "a", "secret_hash": "redacted"}, {"id": "b"}]})
        );
    }
}
