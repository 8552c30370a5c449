//! What keeps the token of a service alive.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::server::{Call, Server};
use super::token::LOOKUP;
use crate::{Error, counts};

/// Keeps the token of a server alive as long as the value lives.
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    pub(super) fn of(server: &Arc<Server>) -> Self {
        let kept = tokio::spawn(keep(Arc::downgrade(server)));
        Self(kept.abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Looks at the token again and again, and renews it when half of its time is over.
///
/// A token that another program replaces is looked at like the first; one that can live no longer ends, and what signs with
/// it says so. A failure is counted and not told: the next look, or the next signature, has the same.
async fn keep(server: Weak<Server>) {
    loop {
        let looked = match server.upgrade() {
            Some(server) => look(&server).await,
            None => return,
        };
        let wait = looked.unwrap_or_else(|_| {
            counts::add_renewal("failed");
            AFTER_A_FAILURE
        });
        sleep(wait).await;
    }
}

/// Gives the time until the next look.
async fn look(server: &Server) -> Result<Duration, Error> {
    let call = Call::read(LOOKUP.to_owned(), &LOOKUP);
    let mut token = server.ask::<Looked>(&call).await?.data;
    if token.is_ending() && token.renewable {
        let call = Call::write(RENEWAL.to_owned(), json!({}), &RENEWAL);
        let renewed: Renewed = server.ask(&call).await?;
        token.ttl = renewed.auth.lease_duration;
        counts::add_renewal("renewed");
    }
    counts::set_token_left(server.token_file(), token.left());
    let quarter = token.left().map_or(LOOKS, |left| left / 4);
    Ok(quarter.clamp(SHORTEST, LOOKS))
}

#[derive(Deserialize)]
struct Looked {
    data: Token,
}

#[derive(Deserialize)]
struct Token {
    /// Seconds that are left of it; none of a token that never ends.
    ttl: u64,
    /// Seconds that it had when it was made.
    #[serde(default)]
    creation_ttl: u64,
    /// Seconds that each renewal gives, of a token that lives as long as it is renewed.
    #[serde(default)]
    period: u64,
    #[serde(default)]
    renewable: bool,
}

#[derive(Deserialize)]
struct Renewed {
    auth: Lease,
}

#[derive(Deserialize)]
struct Lease {
    lease_duration: u64,
}

impl Token {
    fn is_ending(&self) -> bool {
        let whole = self.period.max(self.creation_ttl);
        self.ttl > 0 && self.ttl <= whole.div_ceil(2)
    }

    fn left(&self) -> Option<Duration> {
        (self.ttl > 0).then(|| Duration::from_secs(self.ttl))
    }
}

const RENEWAL: &str = "auth/token/renew-self";

const LOOKS: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_millis(250);
const AFTER_A_FAILURE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_in_the_second_half_of_its_time() {
        for (ttl, creation_ttl, period, expected) in [
            (0, 0, 0, false),
            (3600, 3600, 0, false),
            (1801, 3600, 0, false),
            (1800, 3600, 0, true),
            (1, 3600, 0, true),
            (1, 1, 0, true),
            (50, 100, 60, true),
            (20, 30, 60, true),
            (31, 30, 60, false),
        ] {
            let token = Token {
                ttl,
                creation_ttl,
                period,
                renewable: true,
            };
            assert_eq!(
                token.is_ending(),
                expected,
                "{ttl} of {creation_ttl}, {period}"
            );
        }
    }
}
