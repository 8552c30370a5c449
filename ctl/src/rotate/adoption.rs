//! How many of those who fetch the trust root have seen what was announced.

use serde::Serialize;
use sigstead_trust_root::tuf::{Root, Targets};

use super::plan::{Phase, Plan};
use super::rotation::{Rotation, SeenIn};
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::trust::Repository;

/// What the `tuf` service counted. It keeps nothing of who fetched what. A client that keeps what it fetched asks once for each
/// version, so that the two counts compare clients; one that keeps nothing is in both often.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Adoption {
    role: &'static str,
    version: u64,
    /// How often this version or a later one was fetched.
    fetched: u64,
    /// How often the version before it was.
    before: u64,
}

impl Adoption {
    /// None if nothing is announced, or the service does not say.
    pub(super) async fn of<R: Rotation>(instance: &Instance, plan: &Plan<R>) -> Option<Self> {
        let role = R::SEEN_IN.role()?;
        let version = plan.announced_in?;
        let url = format!("{}/metrics", instance.manifest.ops_url(Service::Tuf));
        let answer = http::client(instance).ok()?.get(&url).send().await;
        let text = http::bytes("tuf", &url, answer).await.ok()?;
        Some(Self::read(&String::from_utf8_lossy(&text), role, version))
    }

    fn read(metrics: &str, role: &'static str, version: u64) -> Self {
        let prefix = format!("sigstead_tuf_fetches_total{{role=\"{role}\",version=\"");
        let counts = metrics.lines().filter_map(|line| {
            let (counted, count) = line.strip_prefix(&prefix)?.split_once("\"} ")?;
            Some((counted.parse::<u64>().ok()?, count.parse::<u64>().ok()?))
        });
        let (mut fetched, mut before) = (0, 0);
        for (counted, count) in counts {
            if counted >= version {
                fetched += count;
            } else if counted.checked_add(1) == Some(version) {
                before = count;
            }
        }
        Self {
            role,
            version,
            fetched,
            before,
        }
    }

    /// In percent, if enough is known.
    fn share(&self) -> Option<u64> {
        let all = self.before.max(self.fetched);
        (self.before > 0).then(|| self.fetched.saturating_mul(100) / all)
    }

    pub(super) fn text(&self) -> String {
        let (role, version, fetched) = (self.role, self.version, self.fetched);
        let share = match self.share() {
            Some(share) => format!(
                ", and {role} {} {} times: about {share} % have seen it",
                version.saturating_sub(1),
                self.before
            ),
            None => "; nobody fetched the one before it".to_owned(),
        };
        format!("{role} {version} was fetched {fetched} times{share}")
    }
}

/// The version in which clients see what is announced, once the phase begins with which it is there.
pub(super) fn version<R: Rotation>(
    instance: &Instance,
    phase: Phase,
) -> Result<Option<u64>, Failure> {
    let repository = || Repository::of(instance);
    Ok(match (R::SEEN_IN, phase) {
        (SeenIn::Targets, Phase::Announced) => Some(repository()?.newest::<Targets>()?.version),
        (SeenIn::Root, Phase::Loaded) => Some(repository()?.newest::<Root>()?.version),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# TYPE sigstead_tuf_fetches_total counter
sigstead_tuf_fetches_total{role=\"root\",version=\"5\"} 70
sigstead_tuf_fetches_total{role=\"targets\",version=\"3\"} 90
sigstead_tuf_fetches_total{role=\"targets\",version=\"4\"} 8
sigstead_tuf_fetches_total{role=\"targets\",version=\"5\"} 4
sigstead_tuf_fetches_total{role=\"targets\",version=\"6\"} 2
";

    #[test]
    fn the_share_is_of_those_who_had_the_version_before() {
        for (version, fetched, before, share) in [
            (5, 6, 8, Some(75)),
            (6, 2, 4, Some(50)),
            (4, 14, 90, Some(15)),
            (7, 0, 2, Some(0)),
            (3, 104, 0, None),
        ] {
            let adoption = Adoption::read(METRICS, "targets", version);
            assert_eq!((adoption.fetched, adoption.before), (fetched, before));
            assert_eq!(adoption.share(), share, "{version}");
        }
        let text = Adoption::read(METRICS, "targets", 5).text();
        assert_eq!(
            text,
            "targets 5 was fetched 6 times, and targets 4 8 times: about 75 % have seen it"
        );
    }
}
