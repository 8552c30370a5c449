//! `sigctl trust publish`: signs root and targets again and publishes what the trust state says.

use clap::Args;
use sigstead_kit::Period;
use time::Duration;

use super::change::Change;
use super::publication::Versions;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;

/// What is published.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// How long clients accept what is signed now. Default: the publication lifetime of the instance.
    #[arg(long, value_name = "PERIOD", value_parser = parse_term)]
    valid_for: Option<Duration>,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let change = Change::begin(&instance).await?;
    let length = arguments.valid_for;
    let length = length.unwrap_or_else(|| instance.manifest.lifetimes.publication.time());
    let asked = [("valid_for", length.to_string())];
    let recorded = Recorded::begin(&instance, "sigctl trust publish", &asked).await?;
    let published = change.publish_for(length).await;
    let versions = recorded.end(published).await?;
    output.print(&versions, text);
    Ok(())
}

fn text(versions: &Versions) -> String {
    let Some(ends) = versions.ceremony_due_by else {
        return format!(
            "published {versions}, valid until {}; the tuf service takes them up within seconds\nbefore: {}",
            versions.expires.date(),
            versions.gate
        );
    };
    if versions.targets_signed_ahead {
        return format!(
            "clients have {versions}, which several people signed until {}; what is next, they sign first (sigctl ceremony new)\n\
             before: {}",
            versions.expires.date(),
            versions.gate
        );
    }
    format!(
        "published targets {}; the tuf service takes them up within seconds\n\
         root {} stays: several people sign the next one, and must have before {} (sigctl ceremony new)\n\
         before: {}",
        versions.targets,
        versions.root,
        ends.date(),
        versions.gate
    )
}

/// How long something shall count.
pub(crate) fn parse_term(text: &str) -> Result<Duration, String> {
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    if period < Period::from_seconds(1) {
        return Err("write at least one second".to_owned());
    }
    Ok(period.time())
}
