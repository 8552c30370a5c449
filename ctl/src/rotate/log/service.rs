//! The logs of the running service.

use sigstead_proto::admin::v1::{FreezeLogRequest, LogInfo};

use super::part::Interface;
use crate::admin::refused;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::log;
use crate::log::opening::Face;

/// A log of that name, if there is one.
pub(super) async fn listed(instance: &Instance, name: &str) -> Result<Option<LogInfo>, Failure> {
    let mut logs = log::list(instance).await?.into_iter();
    Ok(logs.find(|log| log.origin == name))
}

/// A log of that name that takes entries.
pub(super) async fn taking<I: Interface>(
    instance: &Instance,
    name: &str,
) -> Result<LogInfo, Failure> {
    let log = listed(instance, name).await?;
    log.filter(|log| !log.frozen)
        .ok_or_else(|| absent::<I>(name))
}

/// Refuses if no log of the interface takes entries.
pub(super) async fn check<I: Interface>(instance: &Instance, name: &str) -> Result<(), Failure> {
    let logs = log::list(instance).await?;
    match logs
        .iter()
        .any(|log| Face::of(log) == I::FACE && !log.frozen)
    {
        true => Ok(()),
        false => Err(absent::<I>(name)),
    }
}

/// Gives a log its last checkpoint, or finds that it has it.
pub(super) async fn freeze(instance: &Instance, origin: &str) -> Result<LogInfo, Failure> {
    let mut client = log::connect_for_changes(instance).await?;
    let origin = origin.to_owned();
    let frozen = client.freeze_log(FreezeLogRequest { origin }).await;
    Ok(frozen.map_err(refused)?.into_inner())
}

fn absent<I: Interface>(name: &str) -> Failure {
    Failure::new(
        "E-CTL-354",
        format!("the service has no log {name} that takes entries; nothing was ended"),
        format!(
            "compare `sigctl log info` with the plan: sigctl rotate {} status",
            I::ROLE
        ),
    )
}
