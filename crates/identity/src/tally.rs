use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// What became of the tokens of one entry of the file of issuers, and how many fetches of keys failed.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// Counts since the service began.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Tokens by what became of them: `accepted`, or the cause of the refusal.
    pub tokens: BTreeMap<&'static str, u64>,
    /// Fetches of keys that failed.
    pub failed_fetches: u64,
}

impl Tally {
    pub(crate) fn judged(&self, outcome: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.tokens.entry(outcome).or_default() += 1;
    }

    pub(crate) fn fetch_failed(&self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.failed_fetches += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The outcome of a token as a metric names it. The names are few, whatever tokens say.
pub(crate) fn outcome<T>(verdict: &Result<T, Error>) -> &'static str {
    let Err(error) = verdict else {
        return "accepted";
    };
    match error {
        Error::TokenTooLarge { .. } | Error::TokenMalformed(_) => "malformed",
        Error::IssuerUnknown { .. } => "issuer_unknown",
        Error::AudienceMismatch { .. } | Error::AudienceForeign { .. } => "audience",
        Error::TokenExpired { .. } => "expired",
        Error::TokenNotYetValid { .. }
        | Error::TokenNotYetIssued { .. }
        | Error::TokenLastsTooLong { .. } => "time",
        Error::KeyUnknown | Error::KeyJustAsked => "key_unknown",
        Error::AlgorithmMismatch | Error::SignatureInvalid => "signature",
        Error::IssuerUnavailable { .. }
        | Error::IssuerDocument { .. }
        | Error::IssuerPending { .. } => "issuer_unavailable",
        Error::NotAllowed { .. } => "rules",
        // What is left is about claims; the errors of configuration end the start.
        _ => "claims",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_by_the_rules_is_told_from_one_of_the_claims() {
        let reason = "no rule allows it".to_owned();
        let verdicts = [
            Ok(()),
            Err(Error::NotAllowed { reason }),
            Err(Error::EmailNotVerified),
        ];
        assert_eq!(
            verdicts.each_ref().map(outcome),
            ["accepted", "rules", "claims"]
        );
    }
}
