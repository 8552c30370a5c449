//! What an operator is told of a token.

use sigstead_identity::{Check, Error, Examination, Principal, RuleOutcome};
use sigstead_proto::admin::v1 as wire;

/// How far a token came, and why no further.
pub(super) fn response(
    seen: &Examination,
    result: &Result<Principal, Error>,
) -> wire::TestTokenResponse {
    let passed = seen.passed.iter().map(|check| token_check(*check, None));
    let failed = seen.failed().zip(result.as_ref().err());
    let failed = failed.map(|(check, error)| token_check(check, Some(error.operator_message())));
    wire::TestTokenResponse {
        is_accepted: result.is_ok(),
        issuer: seen.issuer.clone().unwrap_or_default(),
        checks: passed.chain(failed).collect(),
        rules: seen.rules.iter().map(rule).collect(),
        certificate: seen.principal.as_ref().map(certificate),
    }
}

fn token_check(check: Check, refusal: Option<String>) -> wire::TokenCheck {
    wire::TokenCheck {
        name: check.as_str().to_owned(),
        is_passed: refusal.is_none(),
        refusal: refusal.unwrap_or_default(),
    }
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
