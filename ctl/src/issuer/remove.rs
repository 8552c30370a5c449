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
use crate::trust::{self, Change};

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
    /// Whether clients still send people there.
    is_offered: bool,
}

pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let issuer = named(&mut arguments.instance, arguments.issuer)?;
    let instance = arguments.instance.open()?;
    let mut file = IssuersFile::of(&instance)?;
    let provider = file.remove(&issuer)?;
    let offered = trust::offered_issuers(&instance)?;
    let is_offered = offered.contains(&issuer);
    // Clients are sent elsewhere before its tokens are refused, if there is an elsewhere.
    let is_last = is_offered && offered.len() == 1;
    if is_offered && !is_last {
        let mut change = Change::begin(&instance).await?;
        change.withdraw_issuer(&issuer)?;
        change.publish(trust::YEAR).await?;
    }
    file.write()?;
    let asked = reload::ask(&instance, &[Service::Ca]).await?;
    let removed = Removed {
        issuer,
        file: file.path.display().to_string(),
        provider,
        is_asked: !asked.is_empty(),
        is_offered: is_last,
    };
    output.print(&removed, |removed| {
        let then = match removed.is_asked {
            true => "the ca was asked to read it again",
            false => "the ca does not run",
        };
        let provider = removed.provider.as_ref();
        let provider = provider.map(|name| format!(" and the provider {name}"));
        let offered = match removed.is_offered {
            true => {
                "\nclients still open a browser there: sigctl issuer browser names another issuer"
            }
            false => "",
        };
        format!(
            "removed {}{} from {}; {then}{offered}",
            removed.issuer,
            provider.unwrap_or_default(),
            removed.file
        )
    });
    Ok(())
}
