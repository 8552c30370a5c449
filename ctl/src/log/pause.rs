use clap::Args;
use sigstead_proto::admin::v1::ct_log_admin_client::CtLogAdminClient;
use sigstead_proto::admin::v1::tlog_admin_client::TlogAdminClient;
use sigstead_proto::admin::v1::{PauseLogRequest, ResumeLogRequest};
use tonic::transport::Channel;

use super::{name, print};
use crate::admin::{Reach, refused};
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::Reachable;

/// Which log is paused, and why.
#[derive(Args)]
pub(super) struct Pause {
    #[command(flatten)]
    instance: Reachable,
    /// The log's name, or its host if no other log has it; needed if there are several.
    #[arg(long)]
    log: Option<String>,
    /// Why, in a line; everybody who sends an entry is told.
    #[arg(long)]
    reason: String,
}

/// Which log goes on.
#[derive(Args)]
pub(super) struct Resume {
    #[command(flatten)]
    instance: Reachable,
    /// The log's name, or its host if no other log has it; needed if there are several.
    #[arg(long)]
    log: Option<String>,
}

pub(super) async fn pause(arguments: Pause, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let (admin, origin) = Admin::of(&instance, arguments.log.as_deref()).await?;
    let reason = arguments.reason;
    let request = PauseLogRequest { origin, reason };
    let log = match admin {
        Admin::Tlog(mut admin) => admin.pause_log(request).await,
        Admin::CtLog(mut admin) => admin.pause_log(request).await,
    };
    let log = print::Log::from(&log.map_err(refused)?.into_inner());
    output.print(&log, |log| {
        format!(
            "paused {} at {} entries; `sigctl log resume` lets it go on",
            log.origin, log.size
        )
    });
    Ok(())
}

pub(super) async fn resume(arguments: Resume, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let (admin, origin) = Admin::of(&instance, arguments.log.as_deref()).await?;
    let request = ResumeLogRequest { origin };
    let log = match admin {
        Admin::Tlog(mut admin) => admin.resume_log(request).await,
        Admin::CtLog(mut admin) => admin.resume_log(request).await,
    };
    let log = print::Log::from(&log.map_err(refused)?.into_inner());
    output.print(&log, |log| format!("{} {}", log.origin, log.state));
    Ok(())
}

/// The service that has a log.
enum Admin {
    Tlog(TlogAdminClient<Channel>),
    CtLog(CtLogAdminClient<Channel>),
}

impl Admin {
    /// The service of the log that an argument means, and the log's whole name. One that is named is found though the service
    /// of the others does not run.
    async fn of(instance: &dyn Reach, asked: Option<&str>) -> Result<(Self, String), Failure> {
        let (mut names, mut unreachable) = (Vec::new(), None);
        match super::list(instance).await {
            Ok(logs) => names.extend(logs.into_iter().map(|log| log.origin)),
            Err(failure) => unreachable = Some(failure),
        }
        let of_tlog = names.len();
        match super::list_ct(instance).await {
            Ok(logs) => names.extend(logs.into_iter().map(|log| log.origin)),
            Err(failure) => unreachable = unreachable.or(Some(failure)),
        }
        let chosen = match (name::choose(&names, asked), unreachable) {
            (Ok(chosen), None) => chosen,
            (Ok(chosen), Some(_)) if asked.is_some() => chosen,
            (_, Some(failure)) | (Err(failure), None) => return Err(failure),
        };
        let is_of_tlog = names.iter().take(of_tlog).any(|name| *name == chosen);
        let admin = match is_of_tlog {
            true => Self::Tlog(super::connect(instance).await?),
            false => Self::CtLog(super::connect_ct(instance).await?),
        };
        Ok((admin, chosen))
    }
}
