use clap::Args;
use serde::Serialize;
use sigstead_proto::admin::v1::{self as wire, FreezeLogRequest, LogInfo};
use sigstead_trust_root::LogFace;

use super::ended::{end_frozen, log_id};
use super::opening::Face;
use super::{name, print};
use crate::admin::refused;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::rotations;
use crate::trust::{self, Change};

/// What is ended.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// The log's name, or its host if no other log has it; needed if there are several.
    #[arg(long)]
    log: Option<String>,
    /// Really end it: this cannot be undone.
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Frozen {
    #[serde(flatten)]
    log: print::Log,
    published: trust::Versions,
}

/// Ends a log, and tells clients until when its signatures count.
///
/// 1. The turn to change the trust state is taken, and what a publication needs is opened.
/// 2. Clients must know another log to write to.
/// 3. The service gives the log its last checkpoint.
/// 4. The log gets its end in the trust state, which is published.
///
/// A run that breaks after 3 is finished by another one.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let logs = super::list(&instance).await?;
    let names: Vec<_> = logs.iter().map(|log| log.origin.clone()).collect();
    let origin = match name::choose(&names, arguments.log.as_deref()) {
        Ok(origin) => origin,
        Err(unknown) => {
            return Err(of_certificates(&instance, &arguments)
                .await
                .unwrap_or(unknown));
        }
    };
    if !arguments.yes {
        return Err(Failure::new(
            "E-CTL-014",
            format!("{origin} would take no entry again"),
            "open its successor first; then repeat with --yes",
        ));
    }
    let log = logs.iter().find(|log| log.origin == origin);
    let face = log.map_or(Face::RekorV2, Face::of);
    let _turn = rotations::Turn::take(&instance, face.name())?;
    rotations::refuse_open(&instance, face.name())?;
    let mut change = Change::begin(&instance).await?;
    if let Some(log) = log {
        check_successor(&change, log)?;
    }
    let mut client = super::connect_for_changes(&instance).await?;
    let frozen = client.freeze_log(FreezeLogRequest { origin }).await;
    let log = frozen.map_err(refused)?.into_inner();
    end_frozen(&mut change, std::slice::from_ref(&log))?;
    let frozen = Frozen {
        log: print::Log::from(&log),
        published: change.publish().await?,
    };
    output.print(&frozen, |frozen| {
        format!(
            "froze {} at {} entries\npublished with root {} and targets {}",
            frozen.log.origin, frozen.log.size, frozen.published.root, frozen.published.targets
        )
    });
    Ok(())
}

/// What is said of a log of certificates: no other may follow it without the authority.
async fn of_certificates(instance: &Instance, arguments: &Arguments) -> Option<Failure> {
    let asked = arguments.log.as_deref()?;
    let logs = super::list_ct(instance).await.ok()?;
    let log = logs.into_iter().find(|log| log.origin == asked)?;
    Some(Failure::new(
        "E-CTL-427",
        format!(
            "{} is a log of certificates, which ends once the authority uses another",
            log.origin
        ),
        "rotate it, which opens the next one, has the authority change over, and ends this one: sigctl rotate ct plan",
    ))
}

/// The service looks for a log that takes entries; whether clients know one, the trust state says.
fn check_successor(change: &Change<'_>, log: &LogInfo) -> Result<(), Failure> {
    let face = match log.face() {
        wire::LogFace::RekorV1 => LogFace::RekorV1,
        _ => LogFace::RekorV2,
    };
    let log_id = log_id(log);
    if change.log(&log_id).is_none() || change.has_other_in_service(face, &log_id) {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-055",
        format!("clients know no other log to write to than {}", log.origin),
        "open its successor with `sigctl log open`, which publishes it; then repeat",
    ))
}
