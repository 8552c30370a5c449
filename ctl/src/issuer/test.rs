//! `sigctl issuer test`: how far a token comes with the issuers of an instance.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use sigstead_identity::{Check, FetchOptions, HttpFetch, Issuers, RuleOutcome};
use sigstead_kit::Clock as _;

use super::certificate::Shown;
use super::file::{self, IssuersFile};
use crate::failure::{Exit, Failure};
use crate::input;
use crate::locate::Where;
use crate::output::Output;

/// Which token.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The file with the token; `-` for standard input.
    #[arg(value_name = "TOKEN")]
    token: Vec<String>,
}

#[derive(Serialize)]
struct Tested {
    issuer: Option<String>,
    is_accepted: bool,
    checks: Vec<ShownCheck>,
    rules: Vec<ShownRule>,
    /// What the certificate would say, as soon as the claims are known to be good.
    certificate: Option<Shown>,
}

#[derive(Serialize)]
struct ShownCheck {
    check: &'static str,
    is_passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

/// What one rule said.
#[derive(Serialize)]
pub(crate) struct ShownRule {
    rule: String,
    effect: &'static str,
    holds: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cannot_tell: Option<String>,
}

pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let words = arguments.instance.words(arguments.token);
    let [path] = words.as_slice() else {
        return Err(Failure::new(
            "E-CTL-012",
            "name one file with a token, or - for standard input",
            "sigctl help issuer test",
        ));
    };
    let mut file = IssuersFile::of(&arguments.instance.open()?)?;
    file.take_in_keys()?;
    let token = token(Path::new(path))?;
    let unusable = |error| file::unusable(&file.path, &error);
    let fetch = HttpFetch::new(&FetchOptions::default(), &file.config).map_err(unusable)?;
    let issuers = Issuers::new(file.config.clone(), Arc::new(fetch)).map_err(unusable)?;
    let (seen, result) = issuers
        .explain(&token, sigstead_kit::SystemClock.now())
        .await;
    let refusal = result.err().map(|error| sigstead_kit::causes(&error));
    let tested = Tested {
        issuer: seen.issuer.clone(),
        is_accepted: refusal.is_none(),
        checks: checks(&seen.passed, seen.failed(), refusal),
        rules: seen.rules.iter().map(ShownRule::new).collect(),
        certificate: seen
            .principal
            .as_ref()
            .map(|principal| Shown::new(principal.name(), principal.san(), principal.extensions())),
    };
    output.print(&tested, text);
    Ok(if tested.is_accepted {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// A token without the line end that files have behind it.
fn token(path: &Path) -> Result<String, Failure> {
    let bytes = input::read(path)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn checks(passed: &[Check], failed: Option<Check>, refusal: Option<String>) -> Vec<ShownCheck> {
    let mut checks: Vec<_> = passed
        .iter()
        .map(|check| ShownCheck {
            check: check.as_str(),
            is_passed: true,
            refusal: None,
        })
        .collect();
    checks.extend(failed.map(|check| ShownCheck {
        check: check.as_str(),
        is_passed: false,
        refusal,
    }));
    checks
}

impl ShownRule {
    pub(crate) fn new(outcome: &RuleOutcome) -> Self {
        Self {
            rule: outcome.rule.clone(),
            effect: if outcome.is_deny { "deny" } else { "allow" },
            holds: outcome.holds.clone().ok(),
            cannot_tell: outcome.holds.clone().err(),
        }
    }

    /// For people, one line.
    pub(crate) fn line(&self) -> String {
        let said = match (self.holds, &self.cannot_tell) {
            (Some(true), _) => "holds".to_owned(),
            (Some(false), _) => "does not hold".to_owned(),
            (None, reason) => format!("cannot tell: {}", reason.as_deref().unwrap_or_default()),
        };
        format!("  {:<5}  {}  {said}", self.effect, self.rule)
    }
}

fn text(tested: &Tested) -> String {
    let mut lines = Vec::new();
    for each in &tested.checks {
        let result = match &each.refusal {
            Some(refusal) => format!("refused: {refusal}"),
            None => "passed".to_owned(),
        };
        lines.push(format!("{:<10}  {result}", each.check));
    }
    if !tested.rules.is_empty() {
        lines.push("rules".to_owned());
        lines.extend(tested.rules.iter().map(ShownRule::line));
    }
    if let Some(certificate) = &tested.certificate {
        lines.push(match tested.is_accepted {
            true => "the certificate".to_owned(),
            false => "the certificate that it does not get".to_owned(),
        });
        lines.extend(certificate.lines());
    }
    lines.join("\n")
}
