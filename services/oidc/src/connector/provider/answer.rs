use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use sigstead_config::oidc::ProviderConfig;
use time::OffsetDateTime;

use super::ProviderError;

/// What a verified token says beyond what its verification gave.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    nonce: Option<String>,
    auth_time: Option<i64>,
    azp: Option<String>,
    aud: Value,
    /// What else it says.
    #[serde(flatten)]
    further: serde_json::Map<String, Value>,
}

/// What a token has to say of the sign-in that it is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) nonce: &'a str,
    /// Whether the person had to sign in there anew, and since when.
    pub(crate) signed_in_since: Option<OffsetDateTime>,
}

impl Said {
    /// The claims of a token that was verified: they are JSON, with no member twice.
    pub(super) fn of(token: &str) -> Result<Self, ProviderError> {
        let read = || {
            let payload = token.split('.').nth(1)?;
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
        };
        read().ok_or(ProviderError::OtherSignIn("a claim has another type"))
    }

    /// OpenID Connect Core 1.0 §3.1.3.7, steps 4, 5, 11 and 13; the others are part of the verification.
    pub(super) fn check(
        &self,
        config: &ProviderConfig,
        expected: Expected<'_>,
    ) -> Result<(), ProviderError> {
        let several = self.aud.as_array().is_some_and(|all| all.len() > 1);
        match &self.azp {
            Some(azp) if *azp != config.client_id => {
                return Err(ProviderError::OtherSignIn("azp is another client"));
            }
            None if several => {
                return Err(ProviderError::OtherSignIn(
                    "it has several audiences and no azp",
                ));
            }
            _ => {}
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(ProviderError::OtherSignIn("the nonce is another"));
        }
        if let Some(since) = expected.signed_in_since
            && self
                .auth_time
                .is_none_or(|at| at < since.unix_timestamp() - SKEW)
        {
            return Err(ProviderError::OtherSignIn(
                "a new sign-in was asked for, and auth_time is before it or missing",
            ));
        }
        Ok(())
    }

    /// When the person signed in there; not in the future.
    pub(super) fn signed_in(&self, now: OffsetDateTime) -> OffsetDateTime {
        let said = self.auth_time.map(OffsetDateTime::from_unix_timestamp);
        said.and_then(Result::ok).map_or(now, |said| said.min(now))
    }

    /// The groups, as a list or as one.
    pub(super) fn groups(&self, claim: Option<&str>) -> Result<BTreeSet<String>, &'static str> {
        let value = claim.and_then(|claim| self.further.get(claim));
        let groups: BTreeSet<String> = match value {
            None | Some(Value::Null) => BTreeSet::new(),
            Some(Value::String(group)) => [group.clone()].into(),
            Some(Value::Array(groups)) => {
                let names = groups.iter().map(|group| group.as_str().map(str::to_owned));
                names
                    .collect::<Option<_>>()
                    .ok_or("their groups are no texts")?
            }
            Some(_) => return Err("their groups are no list"),
        };
        let fits = |name: &String| !name.is_empty() && !name.chars().any(char::is_control);
        if !groups.iter().all(fits) {
            return Err("a group has no name, or one with control characters");
        }
        if groups.iter().map(String::len).sum::<usize>() > GROUPS_BYTES {
            return Err("they are in more groups than a token can hold");
        }
        Ok(groups)
    }
}

/// Seconds by which two clocks may differ.
const SKEW: i64 = 60;
/// Tokens travel in headers, which servers take up to some 8 KiB.
const GROUPS_BYTES: usize = 2048;
