//! What the doctor says.

use std::path::PathBuf;

use serde::Serialize;

use super::finding::{Finding, Severity, Unseen};
use super::table::{Check, Subject};
use crate::failure::Exit;
use crate::output::printable;

/// A check and what came of it.
pub(crate) struct Examined<L: 'static> {
    pub(crate) subject: &'static Subject<L>,
    pub(crate) check: &'static Check<L>,
    pub(crate) seen: Result<Vec<Finding>, Unseen>,
}

/// All that was found.
#[derive(Serialize)]
pub(crate) struct Report {
    name: String,
    directory: PathBuf,
    faults: usize,
    warnings: usize,
    /// How many checks could not be made.
    unmade: usize,
    /// What was found, faults first.
    findings: Vec<ShownFinding>,
    /// What came of each check.
    checks: Vec<ShownCheck>,
}

#[derive(Serialize)]
struct ShownFinding {
    code: &'static str,
    subject: &'static str,
    severity: Severity,
    #[serde(flatten)]
    finding: Finding,
}

#[derive(Serialize)]
struct ShownCheck {
    code: &'static str,
    subject: &'static str,
    /// `well`, `fault`, `warning` or `unmade`.
    state: &'static str,
    /// What is so if it is well, or why it could not be made.
    says: String,
}

impl Report {
    pub(crate) fn new<L>(name: String, directory: PathBuf, examined: Vec<Examined<L>>) -> Self {
        let checks: Vec<_> = examined.iter().map(ShownCheck::from).collect();
        let mut findings: Vec<_> = examined.into_iter().flat_map(shown).collect();
        findings.sort_by_key(|each| each.severity == Severity::Warning);
        let of = |severity| {
            findings
                .iter()
                .filter(|each| each.severity == severity)
                .count()
        };
        Self {
            name,
            directory,
            faults: of(Severity::Fault),
            warnings: of(Severity::Warning),
            unmade: checks.iter().filter(|each| each.state == UNMADE).count(),
            findings,
            checks,
        }
    }

    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        match (self.faults, self.warnings) {
            (0, 0) => Exit::Done,
            (0, _) => Exit::Warned,
            _ => Exit::Failed,
        }
    }

    /// For people: what was found, and one line that sums it up. With `all`, every check before that line.
    pub(crate) fn text(&self, all: bool) -> String {
        let mut lines: Vec<_> = self.findings.iter().map(ShownFinding::text).collect();
        if all {
            lines.extend(self.checks.iter().map(ShownCheck::line));
        }
        lines.push(self.summary());
        lines.join("\n")
    }

    fn summary(&self) -> String {
        let counted = |count: usize, what: &str| {
            let ending = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {what}{ending}"))
        };
        let found = [
            counted(self.faults, "fault"),
            counted(self.warnings, "warning"),
        ];
        let found: Vec<_> = found.into_iter().flatten().collect();
        let found = match found.is_empty() {
            true => "all well".to_owned(),
            false => found.join(", "),
        };
        let made = self.checks.len() - self.unmade;
        let mut summary = format!("{}: {made} checks, {found}", self.name);
        if self.unmade > 0 {
            let unmade = self.unmade;
            summary.push_str(&format!("; {unmade} could not be made, --all says why"));
        }
        summary
    }
}

fn shown<L>(examined: Examined<L>) -> impl Iterator<Item = ShownFinding> {
    let Examined {
        subject,
        check,
        seen,
    } = examined;
    let findings = seen.unwrap_or_default().into_iter();
    findings.map(|finding| ShownFinding {
        code: check.code,
        subject: subject.name,
        severity: check.severity,
        finding,
    })
}

impl ShownFinding {
    fn text(&self) -> String {
        let Finding {
            message,
            cause,
            remedy,
        } = &self.finding;
        let indented = |text: &str| printable(text.trim_end()).replace('\n', "\n         ");
        let mut text = format!(
            "{} {}: {}",
            self.severity.name(),
            self.code,
            indented(message)
        );
        if let Some(cause) = cause {
            text.push_str(&format!("\n  cause: {}", indented(cause)));
        }
        text.push_str(&format!("\n  do:    {}", indented(remedy)));
        text
    }
}

impl<L> From<&Examined<L>> for ShownCheck {
    fn from(examined: &Examined<L>) -> Self {
        let check = examined.check;
        let (state, says) = match &examined.seen {
            Err(Unseen(why)) => (UNMADE, why.clone()),
            Ok(findings) if findings.is_empty() => ("well", check.well.to_owned()),
            Ok(_) => (check.severity.name(), check.well.to_owned()),
        };
        Self {
            code: check.code,
            subject: examined.subject.name,
            state,
            says,
        }
    }
}

impl ShownCheck {
    fn line(&self) -> String {
        let says = match self.state {
            "fault" | "warning" => format!("not so: {}", self.says),
            _ => self.says.clone(),
        };
        format!("{:<7} {}  {}: {says}", self.state, self.code, self.subject)
    }
}

const UNMADE: &str = "unmade";
