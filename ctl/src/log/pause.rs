use clap::Args;
use sigstead_proto::admin::v1::{PauseLogRequest, ResumeLogRequest};

use super::print;
use crate::admin::refused;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// Which log is paused, and why.
#[derive(Args)]
pub(super) struct Pause {
    #[command(flatten)]
    instance: Where,
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
    instance: Where,
    /// The log's name, or its host if no other log has it; needed if there are several.
    #[arg(long)]
    log: Option<String>,
}

pub(super) async fn pause(arguments: Pause, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let request = PauseLogRequest {
        origin: super::the_log(&instance, arguments.log.as_deref()).await?,
        reason: arguments.reason,
    };
    let log = super::connect(&instance).await?.pause_log(request).await;
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
    let request = ResumeLogRequest {
        origin: super::the_log(&instance, arguments.log.as_deref()).await?,
    };
    let log = super::connect(&instance).await?.resume_log(request).await;
    let log = print::Log::from(&log.map_err(refused)?.into_inner());
    output.print(&log, |log| format!("{} {}", log.origin, log.state));
    Ok(())
}
