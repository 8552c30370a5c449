//! The file that says which logs the authority enters certificates into, and the authority that reads it.

use std::path::PathBuf;
use std::time::Duration;

use sigstead_config::ca::{CtLogConfig, CtLogs, CtLogsFile};
use sigstead_key::PublicKey;
use sigstead_proto::admin::v1::ca_admin_client::CaAdminClient;
use sigstead_proto::admin::v1::{CtLogInUse, ListCtLogsRequest};
use tokio::time::{Instant, sleep};

use super::part::NextCtLog;
use super::service::lacks;
use crate::admin;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log_configs;
use crate::process::POLL;
use crate::reload;
use crate::replace::replace;
use crate::rotate::ca;

/// The logs of the authority, in the order in which it asks them, and the file that says so.
pub(super) struct Used {
    path: PathBuf,
    logs: Vec<CtLogConfig>,
}

impl Used {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Ca);
        let file = ca::config(instance)?.ct_log_file.ok_or_else(|| {
            let config = folder.join("config.yaml");
            lacks(&config, "ct_log_file: ct-logs.yaml", Service::Ca)
        })?;
        Ok(Self {
            path: folder.join(file),
            logs: log_configs::logs_of_authority(instance)?.logs().to_vec(),
        })
    }

    /// Whether the authority is told of the next log.
    pub(super) fn has_next(&self, role: &NextCtLog) -> bool {
        self.logs.iter().any(|log| log.public_key == key_file(role))
    }

    /// With the next log before those of now, which are asked if it is silent.
    pub(super) fn with_next(mut self, role: &NextCtLog) -> Result<Self, Failure> {
        if self.has_next(role) {
            return Ok(self);
        }
        let next = self.next(role)?;
        // From then on it is for the next one, however long its own window is.
        if let Some(from) = next.ends_from {
            for log in &mut self.logs {
                log.ends_until = Some(log.ends_until.map_or(from, |until| until.min(from)));
            }
        }
        self.logs.insert(0, next);
        Ok(self)
    }

    /// The next log as the authority reaches it: at the address of the one of now, and as that one otherwise.
    pub(super) fn next(&self, role: &NextCtLog) -> Result<CtLogConfig, Failure> {
        let now = self.logs.first().ok_or_else(|| {
            Failure::new(
                "E-CTL-421",
                "the authority enters certificates into no log",
                "name the instance's own log in ct_log of ca/config.yaml, then: sigctl restart ca",
            )
        })?;
        let mut url = now.url.clone();
        let base = url.path().split("/logs/").next().unwrap_or_default();
        let id = hex::encode(role.log_id.as_slice());
        let path = format!("{}/logs/{id}", base.trim_end_matches('/'));
        url.set_path(&path);
        Ok(CtLogConfig {
            url,
            public_key: key_file(role),
            ends_from: role.window.and_then(|window| window.from),
            ends_until: role.window.map(|window| window.until),
            ..now.clone()
        })
    }

    /// Without a log of this identifier.
    pub(super) fn without(mut self, instance: &Instance, log_id: &[u8]) -> Self {
        let folder = instance.service(Service::Ca);
        self.logs.retain(|log| {
            let pem = std::fs::read_to_string(folder.join(&log.public_key)).unwrap_or_default();
            let key = PublicKey::from_pem(&pem);
            !key.is_ok_and(|key| key.log_id().as_bytes().as_slice() == log_id)
        });
        self
    }

    /// Writes the file, which is the switch; the authority may see it from that moment on.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &self.path, error);
        let file = CtLogsFile {
            ct_log: CtLogs::Logs(self.logs.clone()),
        };
        let text = sigstead_config::to_yaml(&file).map_err(|error| failed(&error))?;
        let text = format!("{HEAD}{text}");
        replace(&self.path, text.as_bytes()).map_err(|error| failed(&error))
    }
}

/// Writes the public key of the next log where the authority reads it.
pub(super) fn write_key(instance: &Instance, role: &NextCtLog) -> Result<(), Failure> {
    let path = instance.service(Service::Ca).join(key_file(role));
    let key = PublicKey::from_spki_der(role.public_key.as_slice())
        .map_err(|error| Failure::service("ctlog", &role.next_log, error))?;
    replace(&path, key.to_pem().as_bytes()).map_err(|error| Failure::file("write", &path, error))
}

/// Removes it, if no log of that key is used.
pub(super) fn remove_key(instance: &Instance, role: &NextCtLog) -> Result<(), Failure> {
    let path = instance.service(Service::Ca).join(key_file(role));
    match path.exists() {
        false => Ok(()),
        true => {
            sigstead_durable::remove(&path).map_err(|error| Failure::file("remove", &path, error))
        }
    }
}

/// The logs that the running authority enters certificates into.
pub(super) async fn in_use(instance: &Instance) -> Result<Vec<CtLogInUse>, Failure> {
    let channel = admin::connect(instance, Service::Ca).await?;
    let answer = CaAdminClient::new(channel)
        .list_ct_logs(ListCtLogsRequest {})
        .await;
    Ok(answer.map_err(admin::refused)?.into_inner().logs)
}

/// Has the authority read the file again, and waits until it uses the logs that are wanted.
pub(super) async fn take_up(
    instance: &Instance,
    is_wanted: impl Fn(&[CtLogInUse]) -> bool,
) -> Result<(), Failure> {
    let began = Instant::now();
    reload::ask(instance, &[Service::Ca]).await?;
    loop {
        if is_wanted(&in_use(instance).await?) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(Failure::new(
                "E-CTL-422",
                "the certificate authority did not take up its file of logs; it enters certificates where it did before",
                "its log says why: sigctl logs ca; mend it and go on: sigctl rotate ct resume",
            ));
        }
        sleep(POLL).await;
    }
}

fn key_file(role: &NextCtLog) -> PathBuf {
    PathBuf::from(format!("{}.pub", role.place))
}

const HEAD: &str = "# Written by `sigctl rotate ct`; comments are not kept.\n";
/// More than it takes to read a few files.
const PATIENCE: Duration = Duration::from_secs(30);
