//! `sigctl issuer remove`: believes an issuer no longer.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::file::IssuersFile;
use super::named;
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
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
    /// Whether the file had it. A run before this one may have removed it there and not have published that.
    was_in_file: bool,
    /// The provider that no issuer has any more, so that its description went too.
    provider: Option<String>,
    /// Whether the running service was asked to read the file again.
    is_asked: bool,
    /// Whether clients still send people there.
    is_offered: bool,
    /// Why clients still send people there, unless it is that there is nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<Value>,
}

/// 1. The file is written, and the service asked to read it. That needs no key: an issuer that was broken into is stopped by
///    who may write the file.
/// 2. Clients are sent elsewhere. If that cannot be published the issuer is removed all the same, and the next run tries again.
pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let issuer = named(&mut arguments.instance, arguments.issuer)?;
    let instance = arguments.instance.open()?;
    let mut file = IssuersFile::of(&instance)?;
    let was_in_file = file.entry(&issuer).is_ok();
    let mut provider = None;
    if was_in_file || !trust::sends_people_to(&instance, &issuer)? {
        provider = file.remove(&issuer)?;
        let asked = [("issuer", issuer.clone())];
        let recorded = Recorded::begin(&instance, "sigctl issuer remove", &asked).await?;
        recorded.end(file.write()).await?;
    }
    let asked = reload::ask(&instance, &[Service::Ca]).await;
    let left = withdraw(&instance, &issuer).await;
    let warning = left.as_ref().err().map(|cause| still_sent(&issuer, cause));
    let removed = Removed {
        file: file.path.display().to_string(),
        was_in_file,
        provider,
        is_asked: !asked?.is_empty(),
        is_offered: left.unwrap_or(true),
        warning: warning.as_ref().map(Failure::json),
        issuer,
    };
    output.print(&removed, text);
    Ok(warning.map_or(Exit::Done, |warning| {
        warning.print_beside_result(output);
        Exit::Warned
    }))
}

/// Sends clients elsewhere, if there is an elsewhere. Gives whether they still send people to the issuer.
async fn withdraw(instance: &Instance, issuer: &str) -> Result<bool, Failure> {
    if !trust::sends_people_to(instance, issuer)? {
        return Ok(false);
    }
    let offered = trust::offered_issuers(instance)?;
    if offered == [issuer] {
        return Ok(true);
    }
    let mut change = Change::begin(instance).await?;
    if offered.iter().any(|offered| offered == issuer) {
        change.withdraw_issuer(issuer)?;
    }
    let asked = [("issuer", issuer.to_owned()), ("place", "none".to_owned())];
    let recorded = Recorded::begin(instance, "sigctl issuer browser", &asked).await?;
    let published = change.publish().await;
    recorded.end(published).await?;
    Ok(false)
}

fn still_sent(issuer: &str, cause: &Failure) -> Failure {
    Failure::new(
        "E-CTL-101",
        format!("clients may still open a browser at {issuer}: where they log in could not be published"),
        "mend what the cause says, with the keys of the trust root at hand; then run the command again",
    )
    .because(cause.whole())
}

fn text(removed: &Removed) -> String {
    let then = match removed.is_asked {
        true => "the ca was asked to read it again",
        false => "the ca does not run",
    };
    let provider = removed.provider.as_ref();
    let provider = provider.map(|name| format!(" and the provider {name}"));
    let did = match removed.was_in_file {
        true => format!(
            "removed {}{} from {}",
            removed.issuer,
            provider.unwrap_or_default(),
            removed.file
        ),
        false => format!("{} is not in {} any more", removed.issuer, removed.file),
    };
    let offered = match removed.is_offered && removed.warning.is_none() {
        true => "\nclients still open a browser there: sigctl issuer browser names another issuer",
        false => "",
    };
    format!("{did}; {then}{offered}")
}
