//! The logs of the running service, and how one joins them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sigstead_config::ctlog::{Config, LogConfig};
use sigstead_key::Algorithm;
use sigstead_proto::admin::v1::ct_log_admin_client::CtLogAdminClient;
use sigstead_proto::admin::v1::{FreezeLogRequest, LogInfo, OpenLogRequest};
use tonic::transport::Channel;

use super::part::CtPlan;
use crate::admin::{self, refused};
use crate::failure::Failure;
use crate::init::configuration::key_config;
use crate::init::secret::Vault;
use crate::instance::{Instance, Service};
use crate::key::{KeyRole, open_or_make};
use crate::log;
use crate::rotate::next_key::refuse_used;

/// A log of that name, if there is one.
pub(super) async fn listed(instance: &Instance, name: &str) -> Result<Option<LogInfo>, Failure> {
    let mut logs = log::list_ct(instance).await?.into_iter();
    Ok(logs.find(|log| log.origin == name))
}

/// Opens the next log with a key of its own, as far as an earlier run did not.
pub(super) async fn open(instance: &Instance, plan: &CtPlan) -> Result<LogInfo, Failure> {
    let role = &plan.role;
    if let Some(log) = listed(instance, &role.next_log).await? {
        return Ok(log);
    }
    let config = describe(instance, plan)?;
    let config_yaml = sigstead_config::to_yaml(&config)
        .map_err(|error| Failure::service("ctlog", &role.next_log, error))?;
    // Before the key is made: without a connection nothing was asked.
    let mut client = connect(instance).await?;
    make_key(instance, plan).await?;
    let request = OpenLogRequest {
        config_yaml,
        ..OpenLogRequest::default()
    };
    let opened = client.open_log(request).await;
    opened.map(|log| log.into_inner()).map_err(refused)
}

/// Makes the key, unless an earlier run did.
async fn make_key(instance: &Instance, plan: &CtPlan) -> Result<(), Failure> {
    if let Some(at) = &plan.next_key_at {
        let key = open_or_make(at, KeyRole::Ctlog, Algorithm::EcdsaP256Sha256).await?;
        return refuse_used(instance, at, key.public_key());
    }
    let path = key_file(instance, &plan.role.place);
    if !path.exists() {
        Vault::open(instance)?.make(&path, Algorithm::EcdsaP256Sha256)?;
    }
    Ok(())
}

/// Gives a log its last tree head, or finds that it has it.
pub(super) async fn freeze(instance: &Instance, origin: &str) -> Result<LogInfo, Failure> {
    let origin = origin.to_owned();
    let mut client = connect(instance).await?;
    let frozen = client.freeze_log(FreezeLogRequest { origin }).await;
    Ok(frozen.map_err(refused)?.into_inner())
}

/// Removes the key of a log that was never opened.
pub(super) fn remove_key(instance: &Instance, place: &str) -> Result<(), Failure> {
    let path = key_file(instance, place);
    match path.exists() {
        false => Ok(()),
        true => {
            sigstead_durable::remove(&path).map_err(|error| Failure::file("remove", &path, error))
        }
    }
}

/// Refuses a configuration in which the service has no place for a log that it opens while it runs.
pub(super) fn check(instance: &Instance) -> Result<(), Failure> {
    let path = instance.service(Service::Ctlog).join("config.yaml");
    let config: Config =
        sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))?;
    match config.opened_logs {
        Some(_) => Ok(()),
        None => Err(lacks(&path, "opened_logs: logs.d", Service::Ctlog)),
    }
}

/// A configuration of an earlier version.
pub(super) fn lacks(config: &Path, line: &str, service: Service) -> Failure {
    let service = service.name();
    Failure::new(
        "E-CTL-420",
        format!("{} has no `{line}`", config.display()),
        format!(
            "`sigctl upgrade` writes it, or write it yourself and then: sigctl restart {service}"
        ),
    )
}

/// A name in the folder of the service that no log has had yet.
pub(super) fn free_place(instance: &Instance) -> Result<String, Failure> {
    let folder = instance.service(Service::Ctlog);
    let is_free =
        |place: &String| !key_file(instance, place).exists() && !folder.join(place).exists();
    let mut places = (2_u16..).map(|number| format!("ct-{number}"));
    let place = places.find(is_free);
    place.ok_or_else(|| Failure::file("name a log in", &folder, "all numbers are taken"))
}

fn describe(instance: &Instance, plan: &CtPlan) -> Result<LogConfig, Failure> {
    let role = &plan.role;
    let place = &role.place;
    let origin = role.next_log.parse();
    let origin = origin.map_err(|error| Failure::service("ctlog", &role.next_log, error))?;
    let in_file = || key_config(instance, &format!("keys/{place}.key"));
    let key = plan.next_key_at.clone().unwrap_or_else(in_file);
    let anchors = instance.manifest.anchors.as_deref();
    let anchor = anchors.unwrap_or_else(|| Path::new("anchors")).join(place);
    Ok(LogConfig {
        ends_until: role.window.map(|window| window.until),
        ..LogConfig::new(origin, key, PathBuf::from(place), anchor)
    })
}

fn key_file(instance: &Instance, place: &str) -> PathBuf {
    let folder = instance.service(Service::Ctlog);
    folder.join("keys").join(format!("{place}.key"))
}

async fn connect(instance: &Instance) -> Result<CtLogAdminClient<Channel>, Failure> {
    let channel = admin::connect_for(instance, Service::Ctlog, CHANGE).await?;
    Ok(CtLogAdminClient::new(channel))
}

/// Longer than the service works on the change of a log.
const CHANGE: Duration = Duration::from_secs(75);
