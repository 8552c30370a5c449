//! What an operator is told of a token.

use sigstead_identity::{Error, Examination, Principal, RuleOutcome};
use sigstead_proto::admin::v1 as wire;

/// How far a token came, and why no further. `unused` is what the uses of tokens say, if it is good for one certificate.
pub(super) fn response(
    seen: &Examination,
    result: &Result<Principal, Error>,
    unused: Option<Result<(), crate::Error>>,
) -> wire::TestTokenResponse {
    let passed = seen.passed.iter();
    let passed = passed.map(|check| token_check(check.as_str(), None));
    let failed = seen.failed().zip(result.as_ref().err());
    let failed =
        failed.map(|(check, error)| token_check(check.as_str(), Some(error.operator_message())));
    let is_used = unused.as_ref().is_some_and(Result::is_err);
    let last = unused.map(|unused| token_check(USE, unused.err().map(|error| refusal(&error))));
    wire::TestTokenResponse {
        is_accepted: result.is_ok() && !is_used,
        issuer: seen.issuer.clone().unwrap_or_default(),
        checks: passed.chain(failed).chain(last).collect(),
        rules: seen.rules.iter().map(rule).collect(),
        certificate: seen.principal.as_ref().map(certificate),
    }
}

fn token_check(name: &str, refusal: Option<String>) -> wire::TokenCheck {
    wire::TokenCheck {
        name: name.to_owned(),
        is_passed: refusal.is_none(),
        refusal: refusal.unwrap_or_default(),
    }
}

fn refusal(error: &crate::Error) -> String {
    sigstead_kit::causes(error)
}

fn rule(outcome: &RuleOutcome) -> wire::RuleOutcome {
    wire::RuleOutcome {
        name: outcome.rule.clone(),
        is_deny: outcome.is_deny,
        holds: outcome.holds.as_ref().ok().copied(),
        cannot_tell: outcome.holds.as_ref().err().cloned().unwrap_or_default(),
    }
}

fn certificate(principal: &Principal) -> wire::TokenCertificate {
    let named = principal.extensions().named().into_iter();
    wire::TokenCertificate {
        identity: principal.san().value().to_owned(),
        issuer: principal.issuer().to_owned(),
        subject: principal.subject().to_owned(),
        proof_of_possession: principal.name().to_owned(),
        extensions: named
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
    }
}

/// The check behind those of the token itself, for issuers whose tokens are good for one certificate.
const USE: &str = "use";
