//! How the issuers of an instance do, as its certificate authority sees them.

use std::time::Duration;

use serde::Serialize;
use sigstead_proto::admin::v1::ca_admin_client::CaAdminClient;
use sigstead_proto::admin::v1::{IssuerState, ListIssuersRequest};

use crate::admin::{self, refused};
use crate::elapsed::period;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// An issuer as `sigctl status` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ShownIssuer {
    /// Its URL, or the pattern of its URL.
    issuer: String,
    /// `usable`, `pinned`, `no keys` or `pattern`.
    state: &'static str,
    key_age_seconds: Option<u64>,
    /// For how long its keys could not be fetched.
    failing_seconds: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_error: String,
}

/// Asks the authority, which must run.
pub(crate) async fn ask(instance: &Instance) -> Result<Vec<ShownIssuer>, Failure> {
    let channel = admin::connect_for(instance, Service::Ca, PATIENCE).await?;
    let mut client = CaAdminClient::new(channel);
    let answer = client.list_issuers(ListIssuersRequest {}).await;
    let issuers = answer.map_err(refused)?.into_inner().issuers;
    Ok(issuers.into_iter().map(ShownIssuer::from).collect())
}

impl From<IssuerState> for ShownIssuer {
    fn from(state: IssuerState) -> Self {
        Self {
            state: match (state.is_pattern, state.is_pinned, state.is_usable) {
                (true, _, _) => "pattern",
                (false, true, _) => "pinned",
                (false, false, true) => "usable",
                (false, false, false) => "no keys",
            },
            issuer: state.issuer,
            key_age_seconds: state.key_age_seconds,
            failing_seconds: state.failing_seconds,
            last_error: state.last_error,
        }
    }
}

impl ShownIssuer {
    /// Whether no token of it can be verified.
    pub(crate) fn has_no_keys(&self) -> bool {
        self.state == "no keys"
    }

    /// Whether its keys could not be fetched when that was tried last.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing_seconds.is_some()
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("issuer {}: {}", self.issuer, self.state);
        if let Some(age) = self.key_age_seconds {
            line.push_str(&format!(", keys {} old", period(age)));
        }
        if let Some(failing) = self.failing_seconds {
            let for_time = period(failing);
            line.push_str(&format!(", failing for {for_time}: {}", self.last_error));
        }
        line
    }
}

/// An operator who looks at an instance does not wait for one of its services.
const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_shown_with_its_keys_and_its_last_error() {
        let state = |is_pinned, is_usable| IssuerState {
            issuer: "https://i.example".to_owned(),
            is_pinned,
            is_usable,
            ..IssuerState::default()
        };
        let failing = IssuerState {
            failing_seconds: Some(61),
            last_error: "it is away: refused".to_owned(),
            ..state(false, false)
        };
        let old = IssuerState {
            key_age_seconds: Some(3_720),
            ..state(false, true)
        };
        for (state, line) in [
            (state(true, true), "pinned"),
            (old, "usable, keys 1h2m old"),
            (failing, "no keys, failing for 1m1s: it is away: refused"),
        ] {
            let shown = ShownIssuer::from(state).line();
            assert_eq!(shown, format!("issuer https://i.example: {line}"));
        }
    }
}
