//! `sigctl ceremony review`: what the draft changes, for people.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{Partial, Proposal, Tally, tally};
use sigstead_kit::{Clock as _, SystemClock};

use super::certificates;
use super::medium::Medium;
use super::refusal::refused;
use super::rehearsal::rehearse;
use super::told::changes;
use crate::failure::{Exit, Failure};
use crate::output::{Output, one_line};

/// Which medium.
#[derive(Args)]
pub(super) struct Arguments {
    /// The medium.
    medium: PathBuf,
}

#[derive(Serialize)]
struct Reviewed {
    changes: Vec<String>,
    words: String,
    digest: String,
    warnings: Vec<String>,
    signed: Tally,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let medium = Medium::at(&arguments.medium);
    if certificates::are_on(&medium)? {
        return certificates::review::run(medium, output).await;
    }
    let proposal = medium.proposal()?;
    proposal.check_clock(SystemClock.now()).map_err(refused)?;
    let partials = medium.partials()?;
    let mut warnings = rehearse(&proposal).await?;
    warnings.extend(others(&proposal, &partials));
    let reviewed = Reviewed {
        changes: changes(&proposal),
        words: proposal.digest().words(),
        digest: proposal.digest().to_string(),
        signed: tally(&proposal, &partials).map_err(refused)?,
        warnings,
    };
    output.print(&reviewed, text);
    Ok(match reviewed.warnings.is_empty() {
        true => Exit::Done,
        false => Exit::Warned,
    })
}

/// Signatures that do not count.
fn others(proposal: &Proposal, partials: &[Partial]) -> Vec<String> {
    let others = partials.iter().filter(|it| !it.is_over(proposal));
    let names = others.map(|it| it.statement.name.to_string());
    names
        .map(|name| format!("{name} signed another draft, which does not count"))
        .collect()
}

fn text(reviewed: &Reviewed) -> String {
    let mut lines: Vec<_> = reviewed.changes.iter().map(|it| one_line(it)).collect();
    lines.push("rehearsed with throw-away keys: clients of the root before take it".to_owned());
    let warnings = reviewed.warnings.iter();
    lines.extend(warnings.map(|warning| one_line(&format!("warning: {warning}"))));
    lines.push(reviewed.signed.to_string());
    lines.push("digest in words, to be read to the others:".to_owned());
    lines.push(format!("  {}", reviewed.words));
    lines.join("\n")
}
