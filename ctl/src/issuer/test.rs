//! `sigctl issuer test`: how far a token comes with the issuers of an instance.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use sigstead_identity::{Check, FetchOptions, HttpFetch, Issuers, Principal, RuleOutcome};
use sigstead_kit::Clock as _;
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::ca_admin_client::CaAdminClient;

use super::certificate::Shown;
use super::file::{self, IssuersFile};
use crate::admin;
use crate::failure::{Exit, Failure};
use crate::input;
use crate::instance::{Instance, Service};
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

    /// Judge with the file of issuers here and now, without the running service.
    #[arg(long)]
    offline: bool,
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
    check: String,
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
    let instance = arguments.instance.open()?;
    let token = token(Path::new(path))?;
    let tested = match arguments.offline {
        true => judge(&instance, &token).await?,
        false => ask(&instance, token).await?,
    };
    output.print(&tested, text);
    Ok(if tested.is_accepted {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// What the running service says.
async fn ask(instance: &Instance, token: String) -> Result<Tested, Failure> {
    let channel = admin::connect(instance, Service::Ca).await?;
    let request = wire::TestTokenRequest { token };
    let answer = CaAdminClient::new(channel).test_token(request).await;
    let answer = answer.map_err(admin::refused)?.into_inner();
    Ok(Tested {
        issuer: Some(answer.issuer).filter(|issuer| !issuer.is_empty()),
        is_accepted: answer.is_accepted,
        checks: answer.checks.into_iter().map(ShownCheck::from).collect(),
        rules: answer.rules.into_iter().map(ShownRule::from).collect(),
        certificate: answer.certificate.map(Shown::from),
    })
}

/// What the file of issuers says, with keys that are asked for now.
async fn judge(instance: &Instance, token: &str) -> Result<Tested, Failure> {
    let mut file = IssuersFile::of(instance)?;
    file.take_in_keys()?;
    let unusable = |error| file::unusable(&file.path, &error);
    let fetch = HttpFetch::new(&FetchOptions::default(), &file.config).map_err(unusable)?;
    let issuers = Issuers::new(file.config.clone(), Arc::new(fetch)).map_err(unusable)?;
    let now = sigstead_kit::SystemClock.now();
    let (seen, result) = issuers.explain(token, now).await;
    let refusal = result.err().map(|error| error.operator_message());
    let shown = |principal: &Principal| {
        Shown::new(principal.name(), principal.san(), principal.extensions())
    };
    Ok(Tested {
        issuer: seen.issuer.clone(),
        is_accepted: refusal.is_none(),
        checks: checks(&seen.passed, seen.failed(), refusal),
        rules: seen.rules.iter().map(ShownRule::new).collect(),
        certificate: seen.principal.as_ref().map(shown),
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
            check: check.as_str().to_owned(),
            is_passed: true,
            refusal: None,
        })
        .collect();
    checks.extend(failed.map(|check| ShownCheck {
        check: check.as_str().to_owned(),
        is_passed: false,
        refusal,
    }));
    checks
}

impl From<wire::TokenCheck> for ShownCheck {
    fn from(check: wire::TokenCheck) -> Self {
        Self {
            check: check.name,
            is_passed: check.is_passed,
            refusal: (!check.is_passed).then_some(check.refusal),
        }
    }
}

impl From<wire::RuleOutcome> for ShownRule {
    fn from(outcome: wire::RuleOutcome) -> Self {
        Self {
            rule: outcome.name,
            effect: effect(outcome.is_deny),
            holds: outcome.holds,
            cannot_tell: outcome.holds.is_none().then_some(outcome.cannot_tell),
        }
    }
}

const fn effect(is_deny: bool) -> &'static str {
    if is_deny { "deny" } else { "allow" }
}

impl ShownRule {
    pub(crate) fn new(outcome: &RuleOutcome) -> Self {
        Self {
            rule: outcome.rule.clone(),
            effect: effect(outcome.is_deny),
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
