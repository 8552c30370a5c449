use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::link::{Link, failed};
use crate::failure::{Exit, Failure};
use crate::kubectl::{Kubectl, PATIENCE, Refused};

/// The right to move the plans of a release, from whatever machine. One has it at a time, for as long as it is renewed.
///
/// The API server takes a change of the lease only as a change of what was read, so that of two who take it at once one is
/// refused. Who is killed has it for another minute.
pub(crate) struct Lease {
    held: Arc<Held>,
    /// Ends when it is lost.
    renewing: JoinHandle<()>,
}

struct Held {
    kubectl: Kubectl,
    /// The lease as it was written last, by whoever renews or ends it.
    object: Mutex<Value>,
}

impl Lease {
    /// Takes it.
    pub(crate) async fn take(link: &Link) -> Result<Self, Failure> {
        let (kubectl, name, holder) = (link.kubectl(), link.lease(), holder()?);
        let written = match kubectl.get(KIND, &name).await {
            Err(Refused::Absent) => kubectl.create(&lease(&name, &holder)).await,
            Err(refused) => return Err(failed(KIND, &name, refused)),
            Ok(mut found) => {
                if let Some(other) = held_by(&found, SystemClock.now()) {
                    return Err(held(&name, &other));
                }
                found["spec"] = spec(&holder);
                kubectl.replace(&found).await
            }
        };
        let object = written.map_err(|refused| match refused {
            Refused::Changed => held(&name, "another sigctl, which took it at the same moment"),
            refused => failed(KIND, &name, refused),
        })?;
        let held = Arc::new(Held {
            kubectl,
            object: Mutex::new(object),
        });
        let renewed = Arc::clone(&held);
        Ok(Self {
            held,
            renewing: tokio::spawn(async move { renewed.renew().await }),
        })
    }

    /// Does something for as long as it is held. What is not done by then is as if the command had been killed.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            _ = &mut self.renewing => Err(lost()),
        }
    }

    /// Gives it back, so that nobody waits for its end.
    pub(crate) async fn give_back(self) {
        self.renewing.abort();
        let mut object = self.held.object.lock().await;
        object["spec"] = json!({"holderIdentity": ""});
        // What cannot be given back ends by itself.
        let _ = self.held.kubectl.replace(&object).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Held {
    /// Until it is given back or lost.
    async fn renew(&self) {
        let mut since = Instant::now();
        loop {
            tokio::time::sleep(RENEWED).await;
            let asked = Instant::now();
            let mut object = self.object.lock().await;
            object["spec"]["renewTime"] = json!(written(SystemClock.now()));
            match self.kubectl.replace(&object).await {
                Ok(renewed) => {
                    *object = renewed;
                    since = asked;
                }
                Err(refused) if is_lost(&refused, since.elapsed()) => return,
                // It is tried again.
                Err(_) => {}
            }
        }
    }
}

/// Whether a lease that was renewed so long ago is somebody else's, or may be before the next renewal.
fn is_lost(refused: &Refused, since: Duration) -> bool {
    match refused {
        Refused::Changed | Refused::Absent => true,
        Refused::Otherwise(_) => since + RENEWED + PATIENCE >= LENGTH,
    }
}

fn lease(name: &str, holder: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": spec(holder),
    })
}

fn spec(holder: &str) -> Value {
    let now = written(SystemClock.now());
    json!({
        "holderIdentity": holder,
        "leaseDurationSeconds": LENGTH.as_secs(),
        "acquireTime": now,
        "renewTime": now,
    })
}

/// With six digits behind the second, as the API server reads these times and no others.
fn written(time: OffsetDateTime) -> String {
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    let micros = time.microsecond();
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Who has a lease at `now`, if somebody does.
fn held_by(lease: &Value, now: OffsetDateTime) -> Option<String> {
    let spec = &lease["spec"];
    let holder = spec["holderIdentity"].as_str()?;
    let renewed = spec["renewTime"].as_str()?;
    let renewed = OffsetDateTime::parse(renewed, &Rfc3339).ok()?;
    let length = spec["leaseDurationSeconds"].as_i64().unwrap_or(0);
    let is_held = !holder.is_empty() && now < renewed + time::Duration::seconds(length);
    is_held.then(|| holder.to_owned())
}

/// Where this command runs, and which one it is.
fn holder() -> Result<String, Failure> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(Failure::randomness)?;
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Ok(format!("sigctl-{}@{}", hex::encode(random), machine.trim()))
}

fn held(name: &str, holder: &str) -> Failure {
    Failure::new(
        "E-CTL-539",
        format!("{holder} moves a plan of this release, by the lease {name}"),
        "wait until it has ended, then look how far it came with `status`; one that was killed has the lease for a minute more",
    )
    .exit(Exit::Refused)
}

fn lost() -> Failure {
    Failure::new(
        "E-CTL-542",
        "the lease could not be renewed in time, and somebody else may move a plan of this release",
        "see that the API server answers, and look who has the lease; then run `resume`, which goes on where it was",
    )
}

const KIND: &str = "lease";
/// Longer than a machine stands still that goes on.
const LENGTH: Duration = Duration::from_secs(60);
/// Often enough that one renewal may fail.
const RENEWED: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_lost_when_somebody_has_it_or_may_have_it_soon() {
        let silent = || Refused::Otherwise("no answer".to_owned());
        for (refused, seconds, lost) in [
            (Refused::Changed, 15, true),
            (Refused::Absent, 15, true),
            (silent(), 16, false),
            (silent(), 31, true),
        ] {
            let since = Duration::from_secs(seconds);
            assert_eq!(is_lost(&refused, since), lost, "{refused:?}");
        }
    }

    #[test]
    fn a_lease_is_held_until_it_was_not_renewed_for_its_length() {
        let now = SystemClock.now();
        let lease = lease("acme-sigstead-plans", "sigctl-00@here");
        let held = |later: i64| held_by(&lease, now + time::Duration::seconds(later));
        assert_eq!(held(50).as_deref(), Some("sigctl-00@here"));
        assert_eq!(held(70), None);
        let given_back = json!({"spec": {"holderIdentity": ""}});
        assert_eq!(held_by(&given_back, now), None);
        assert_eq!(held_by(&json!({}), now), None);
    }
}
