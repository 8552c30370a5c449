use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::authority::{self, Issued};
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::{Output, one_line};

/// Of which instance.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    role: &'static str,
    serial: String,
    /// When the certificate ends, in RFC 3339.
    ends: String,
    /// `good`, `ended` or `revoked`.
    state: &'static str,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let now = SystemClock.now();
    let mut issued: Vec<_> = authority::issued(&instance)?.into_values().collect();
    issued.sort_by_key(|issued| issued.administrator.not_after);
    let shown: Vec<_> = issued
        .into_iter()
        .map(|issued| shown(issued, now))
        .collect();
    output.print(&shown, |shown| {
        let line = |each: &Shown| {
            let Shown {
                name,
                role,
                serial,
                ends,
                state,
            } = each;
            one_line(&format!(
                "{state:7}  {role:8}  until {ends}  {serial}  {name}"
            ))
        };
        shown.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn shown(issued: Issued, now: OffsetDateTime) -> Shown {
    let Issued {
        administrator,
        is_revoked,
        ..
    } = issued;
    Shown {
        state: match (is_revoked, administrator.not_after < now) {
            (true, _) => "revoked",
            (false, true) => "ended",
            (false, false) => "good",
        },
        name: administrator.name,
        role: administrator.role.name(),
        serial: administrator.serial,
        ends: time(administrator.not_after),
    }
}

/// As results show it.
pub(super) fn time(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
