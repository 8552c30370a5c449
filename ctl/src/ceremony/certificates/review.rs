//! `sigctl ceremony review` of certificates: what is certified, for people.

use serde::Serialize;
use sigstead_ceremony::certificates::{
    CertificatePartial, CertificateProposal, CertificateTally, certificate_sentences,
    certificate_tally,
};
use sigstead_kit::{Clock as _, SystemClock};

use super::super::medium::Medium;
use super::super::refusal::refused;
use super::medium::CertificateMedium;
use super::rehearsal::rehearse;
use crate::failure::{Exit, Failure};
use crate::output::{Output, one_line};

#[derive(Serialize)]
struct Reviewed {
    changes: Vec<String>,
    words: String,
    digest: String,
    warnings: Vec<String>,
    signed: CertificateTally,
}

pub(in crate::ceremony) async fn run(medium: Medium<'_>, output: Output) -> Result<Exit, Failure> {
    let medium = CertificateMedium::of(medium);
    let proposal = medium.proposal()?;
    proposal.check_clock(SystemClock.now()).map_err(refused)?;
    let partials = medium.partials()?;
    let mut warnings = rehearse(&proposal).await?;
    warnings.extend(others(&proposal, &partials));
    let reviewed = Reviewed {
        changes: certificate_sentences(&proposal).map_err(refused)?,
        words: proposal.digest().words(),
        digest: proposal.digest().to_string(),
        signed: certificate_tally(&proposal, &partials).map_err(refused)?,
        warnings,
    };
    output.print(&reviewed, text);
    Ok(match reviewed.warnings.is_empty() {
        true => Exit::Done,
        false => Exit::Warned,
    })
}

/// Signatures that do not count.
fn others(proposal: &CertificateProposal, partials: &[CertificatePartial]) -> Vec<String> {
    let others = partials.iter().filter(|it| !it.is_over(proposal));
    let names = others.map(|it| it.statement.name.to_string());
    names
        .map(|name| format!("{name} signed another draft, which does not count"))
        .collect()
}

fn text(reviewed: &Reviewed) -> String {
    let mut lines: Vec<_> = reviewed.changes.iter().map(|it| one_line(it)).collect();
    lines.push("rehearsed with a throw-away root: clients take the chain".to_owned());
    let warnings = reviewed.warnings.iter();
    lines.extend(warnings.map(|warning| one_line(&format!("warning: {warning}"))));
    lines.push(reviewed.signed.to_string());
    lines.push("digest in words, to be read to the others:".to_owned());
    lines.push(format!("  {}", reviewed.words));
    lines.join("\n")
}
