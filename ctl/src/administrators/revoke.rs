use clap::Args;
use serde::Serialize;

use super::authority;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::{Output, one_line};
use crate::recorded::Recorded;

/// Whose certificates end.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// All certificates of this name.
    #[arg(long, required_unless_present = "serial")]
    name: Option<String>,
    /// The certificate of this serial number, as `sigctl admin list` shows it.
    #[arg(long, conflicts_with = "name")]
    serial: Option<String>,
}

#[derive(Serialize)]
struct Revoked {
    serial: String,
    name: String,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let issued = authority::issued(&instance)?;
    let wanted: Vec<_> = issued
        .values()
        .filter(|issued| issued.is_meant(arguments.name.as_deref(), arguments.serial.as_deref()))
        .collect();
    if wanted.is_empty() {
        return Err(authority::unknown());
    }
    let revoked: Vec<_> = wanted
        .into_iter()
        .map(|issued| Revoked {
            serial: issued.administrator.serial.clone(),
            name: issued.administrator.name.clone(),
        })
        .collect();
    for Revoked { serial, name } in &revoked {
        let asked = [("serial", serial.clone()), ("name", name.clone())];
        let recorded = Recorded::begin(&instance, "sigctl admin revoke", &asked).await?;
        let line = one_line(&format!("{serial} {name}"));
        let revoked = authority::revoke(&instance, &line);
        recorded.end(revoked).await?;
    }
    output.print(&revoked, |revoked| {
        let line = |each: &Revoked| format!("revoked {} of {}", each.serial, each.name);
        let lines = revoked.iter().map(line);
        lines.collect::<Vec<_>>().join("\n")
            + "\nservices on this machine know of it from the next call on"
    });
    Ok(())
}
