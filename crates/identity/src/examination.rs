use sigstead_rules::{Effect, Facts, Rules, Verdict};

use crate::claims::Claims;
use crate::config::IssuerConfig;
use crate::error::Error;
use crate::principal::Principal;

/// What a token has to pass, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// It is a signed JSON Web Token.
    Format,
    /// Its issuer is trusted here.
    Issuer,
    /// It is for this service.
    Audience,
    /// It is valid now.
    Time,
    /// The issuer signed it.
    Signature,
    /// Its claims name an identity of the issuer's type.
    Identity,
    /// The rules of the issuer let the identity have a certificate.
    Rules,
}

/// How far a token came, and what there was to see on the way. For operators: callers learn less.
#[derive(Debug, Default)]
pub struct Examination {
    /// The token's `iss`, as soon as it could be read.
    pub issuer: Option<String>,
    /// The checks that it passed.
    pub passed: Vec<Check>,
    /// Whose token it is.
    pub principal: Option<Principal>,
    /// What each rule of the issuer said, those that deny first.
    pub rules: Vec<RuleOutcome>,
}

/// What one rule said of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The name of the rule.
    pub rule: String,
    /// Whether it denies; else it allows.
    pub is_deny: bool,
    /// Whether it holds, or why it could not tell.
    pub holds: Result<bool, String>,
}

impl Check {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Format,
        Self::Issuer,
        Self::Audience,
        Self::Time,
        Self::Signature,
        Self::Identity,
        Self::Rules,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Time => "time",
            Self::Signature => "signature",
            Self::Identity => "identity",
            Self::Rules => "rules",
        }
    }
}

impl Examination {
    /// The check that a token failed that passed no others.
    #[must_use]
    pub fn failed(&self) -> Option<Check> {
        let is_open = |check: &Check| !self.passed.contains(check);
        Check::ALL.into_iter().find(is_open)
    }
}

/// The claims and the certificate that rules judge.
pub(crate) fn facts<'a>(
    claims: &'a Claims,
    principal: &'a Principal,
    issuer: &'a IssuerConfig,
) -> Facts<'a> {
    Facts {
        claims: claims.all(),
        san: principal.san().value(),
        // Tokens of SPIFFE workloads often name no issuer; the entry says whose they are, as it does for the others.
        issuer: &issuer.issuer_url,
        kind: issuer.kind.as_str(),
    }
}

/// The name of the rule that lets an identity have a certificate, if it needs one.
pub(crate) fn admit(rules: &Rules, facts: &Facts<'_>) -> Result<Option<String>, Error> {
    let reason = match rules.decide(facts) {
        Verdict::Allowed { by } => return Ok(by.map(ToOwned::to_owned)),
        Verdict::Denied { by } => format!("rule {by:?} denies it"),
        Verdict::NotAllowed => "no rule allows it".to_owned(),
        Verdict::Unanswerable { reason } => reason,
    };
    Err(Error::NotAllowed { reason })
}

pub(crate) fn outcomes(rules: &Rules, facts: &Facts<'_>) -> Vec<RuleOutcome> {
    let outcomes = rules.outcomes(facts).into_iter();
    let outcome = |outcome: sigstead_rules::Outcome<'_>| RuleOutcome {
        rule: outcome.rule.to_owned(),
        is_deny: outcome.effect == Effect::Deny,
        holds: outcome.holds,
    };
    outcomes.map(outcome).collect()
}
