//! `sigctl issuer remove`: believes an issuer no longer.

use clap::Args;
use serde::Serialize;

use super::file::IssuersFile;
use super::named;
use crate::failure::Failure;
use crate::instance::Service;
use crate::locate::Where;
use crate::output::Output;
use crate::reload;

/// Which issuer.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The URL of the issuer, or the pattern of its URL.
    issuer: Vec<String>,
}

#[derive(Serialize)]
struct Removed {
    issuer: String,
    file: String,
    /// The provider that no issuer has any more, so that its description went too.
    provider: Option<String>,
    /// Whether the running service was asked to read the file again.
    is_asked: bool,
}

pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let issuer = named(&mut arguments.instance, arguments.issuer)?;
    let instance = arguments.instance.open()?;
    let mut file = IssuersFile::of(&instance)?;
    let provider = file.remove(&issuer)?;
    file.write()?;
    let asked = reload::ask(&instance, &[Service::Ca]).await?;
    let removed = Removed {
        issuer,
        file: file.path.display().to_string(),
        provider,
        is_asked: !asked.is_empty(),
    };
    output.print(&removed, |removed| {
        let then = match removed.is_asked {
            true => "the ca was asked to read it again",
            false => "the ca does not run",
        };
        let provider = removed.provider.as_ref();
        let provider = provider.map(|name| format!(" and the provider {name}"));
        format!(
            "removed {}{} from {}; {then}",
            removed.issuer,
            provider.unwrap_or_default(),
            removed.file
        )
    });
    Ok(())
}
