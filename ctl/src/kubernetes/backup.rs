use clap::Args;

use crate::backup::{Making, Mounted, Subject, Taken, Target, take};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What is backed up, and where to.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    mounted: Mounted,

    /// A folder, in which the backup is called after instance, service, pod and time, or the file to make; or
    /// `s3://BUCKET/PREFIX`, below which it is called so.
    to: Target,

    #[command(flatten)]
    making: Making,
}

/// Backs up what one pod has, beside that pod, while it runs. It needs none of the pod's keys.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let subject = Subject::Volume(arguments.mounted.open()?);
    let taken = take(&subject, arguments.to, &arguments.making, output).await?;
    output.print(&taken, Taken::text);
    let is_whole = taken.warnings().is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::Warned })
}
