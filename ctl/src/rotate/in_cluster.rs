//! What is rotated where the services run in a cluster, and by whom at a time.

use sigstead_signer::KeyConfig;
use time::Duration;

use super::moment::{now, shown};
use super::plan::Plan;
use crate::cluster::{self, Lease};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// Does something with a plan while nobody else does, whatever machine it is moved from. On this machine the turn of the plan
/// file says that.
///
/// A copy of the instance that is older than what the release has is refused before anything is done. What an interrupted run
/// published and did not bring is brought first.
pub(super) async fn alone<T>(
    instance: &Instance,
    role: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(link) = &instance.manifest.cluster else {
        return work.await;
    };
    refuse(instance, role)?;
    let mut lease = Lease::take(link).await?;
    let work = async {
        cluster::bring_publication(instance).await?;
        work.await
    };
    let done = lease.during(work).await;
    lease.give_back().await;
    done
}

/// Refuses a role that takes more than the files of Secrets and the publication.
pub(super) fn refuse(instance: &Instance, role: &str) -> Result<(), Failure> {
    if instance.manifest.cluster.is_none() {
        return Ok(());
    }
    let why = match role {
        "tsa" | "oidc" | "ca-intermediate" | "ca-root" => return Ok(()),
        "tuf-online" | "tuf-root" | "tuf-targets" => return Ok(()),
        "ct" | "rekor-v1" | "rekor-v2" => {
            "the next log is a part of the values and of what clients dial"
        }
        "tls" => "clients see the certificates of your proxy",
        _ => "every Secret of the release has these certificates",
    };
    Err(Failure::new(
        "E-CTL-541",
        format!(
            "the services run in a cluster, where {role} is not rotated by this command: {why}"
        ),
        "docs/rotating.md, In a cluster, says what is done by hand, after `sigctl kubernetes detach`",
    )
    .exit(Exit::Refused))
}

/// Refuses a next key that is no file, which a Secret has.
pub(super) fn refuse_elsewhere(
    instance: &Instance,
    role: &str,
    place: Option<&KeyConfig>,
) -> Result<(), Failure> {
    match place {
        Some(place) if instance.manifest.cluster.is_some() => Err(Failure::new(
            "E-KEY-020",
            format!("the services run in a cluster, where the next key of {role} is in a file, and not at {place}"),
            "leave --key-uri out; docs/kubernetes.md says how keys in tokens and in Vault are configured by hand",
        )
        .exit(Exit::Usage)),
        _ => Ok(()),
    }
}

/// Refuses to take a key back that signs before all pods let go of it.
pub(super) fn refuse_late_undo<R>(instance: &Instance, plan: &Plan<R>) -> Result<(), Failure> {
    let limit = plan.signs_from.map(|from| from - LETS_GO);
    match limit.filter(|limit| instance.manifest.cluster.is_some() && *limit <= now()) {
        None => Ok(()),
        Some(limit) => Err(Failure::new(
            "E-CTL-286",
            format!(
                "since {} pods may not let go of the next key before it signs; it cannot be taken back",
                shown(limit)
            ),
            "finish this rotation with `resume`, then rotate to another key",
        )),
    }
}

/// Longer than a cluster takes to bring a Secret to its pods.
const LETS_GO: Duration = Duration::minutes(6);
