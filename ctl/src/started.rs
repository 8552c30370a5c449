//! Services that this program starts itself, and the right to start them.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};

use tokio::time::{Instant, sleep};

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;
use crate::process::{POLL, config_file, program};
use crate::service_log::ServiceLog;

/// A service that this program started itself.
pub(crate) struct Started {
    pub(crate) service: Service,
    child: Child,
    log: ServiceLog,
}

impl Started {
    /// Starts a service in a process group of its own, logging to its file.
    pub(crate) fn new(instance: &Instance, service: Service) -> Result<Self, Failure> {
        let mut command = program(service.name())?;
        let (log, file) = ServiceLog::begin(instance, service)?;
        let errors = file
            .try_clone()
            .map_err(|error| Failure::file("open", log.path(), error))?;
        let mut child = command
            .arg("--config")
            .arg(config_file(instance, service))
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| is_passed_on(name)))
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::file("start", Path::new(command.get_program()), error))?;
        let id = format!("{}\n", child.id());
        if let Err(failure) = private::write(&instance.pid_file(service), id.as_bytes()) {
            // Nobody could find the process again, so nobody could stop it.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failure);
        }
        Ok(Self {
            service,
            child,
            log,
        })
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Why it ended: the line of its log that says so, and what the system saw.
    pub(crate) fn failure(&self, status: ExitStatus) -> Failure {
        let name = self.service.name();
        let how = match (status.signal(), status.code()) {
            (Some(signal), _) => format!("{name} was ended by signal {signal}"),
            (None, Some(code)) => format!("{name} ended with exit status {code}"),
            (None, None) => format!("{name} ended"),
        };
        let failure = Failure::new(
            "E-CTL-008",
            how,
            format!(
                "mend it and start again; its log: {}",
                self.log.path().display()
            ),
        );
        match self.log.cause() {
            Some(cause) => failure.because(cause),
            None => failure.because("it logged no reason"),
        }
    }
}

/// Whether a service sees this variable of the caller's environment. The rest may hold secrets of other programs, and what
/// configures a service is its file.
fn is_passed_on(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let starts = |prefix: &&str| name.starts_with(prefix);
    NAMES.contains(&name)
        || PREFIXES.iter().any(starts)
        // Proxies are read in both cases.
        || PROXIES.contains(&name.to_ascii_uppercase().as_str())
}

/// The machine's, and those of logging. Not `SSL_CERT_FILE`: `sigctl env` sets it for clients, and a service that trusts the
/// instance's authority only would refuse every other issuer.
const NAMES: [&str; 13] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TZ",
    "TMPDIR",
    "LANG",
    "RUST_LOG",
    "RUST_BACKTRACE",
    // Where a pod finds the API server of its cluster, which is an issuer.
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    // Where the libraries of tokens find their own configuration, in which no PIN is.
    "SOFTHSM2_CONF",
    "YUBIHSM_PKCS11_CONF",
];
/// `LD_` is what this program itself was loaded with.
const PREFIXES: [&str; 5] = ["SIGSTEAD_", "OTEL_", "XDG_", "LC_", "LD_"];
const PROXIES: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// The right to start and stop the services of an instance. Two at once would start each service twice, and the process that
/// loses its ports would be the one that the process id file names.
pub(crate) struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits until nobody else starts this instance.
    pub(crate) async fn take(instance: &Instance, deadline: Instant) -> Result<Self, Failure> {
        let path = instance.path("run/lock");
        let lock = private::open_for_appending(&path)?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { _lock: lock }),
                Err(TryLockError::Error(error)) => return Err(Failure::file("lock", &path, error)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL).await,
                Err(TryLockError::WouldBlock) => return Err(busy()),
            }
        }
    }
}

fn busy() -> Failure {
    Failure::new(
        "E-CTL-013",
        "another sigctl is starting this instance",
        "wait until it is done; `sigctl status` shows how far it is",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_see_of_the_environment_what_is_listed_and_nothing_else() {
        for name in [
            "PATH",
            "HOME",
            "TZ",
            "LANG",
            "LC_ALL",
            "RUST_LOG",
            "SIGSTEAD_X",
            "XDG_RUNTIME_DIR",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "https_proxy",
            "NO_PROXY",
            "LD_PRELOAD",
            "SOFTHSM2_CONF",
        ] {
            assert!(is_passed_on(OsStr::new(name)), "{name}");
        }
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "SIGSTORE_ID_TOKEN",
            "SSH_AUTH_SOCK",
            "SSL_CERT_FILE",
            "PATHS",
            "MY_HOME",
        ] {
            assert!(!is_passed_on(OsStr::new(name)), "{name}");
        }
    }
}
