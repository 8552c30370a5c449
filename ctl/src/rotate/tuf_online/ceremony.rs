//! Where several people sign the root, the next keys wait for a ceremony whose root names them.

use sigstead_ceremony::OnlineKeys as Drafted;
use sigstead_trust_root::tuf::{Role as _, Root, Signed, Snapshot, Targets, Timestamp};

use super::keys::{NextKeys, has_them};
use super::part::{OnlineKeys, OnlinePlan};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::rotate::moment::now;
use crate::rotate::plan::Phase;
use crate::rotate::plan_file::PlanFile;
use crate::rotate::rotation::Rotation as _;
use crate::trust::{Online, Repository};

/// The next keys as a draft names them, if the service has them and no root names them yet.
pub(crate) async fn awaiting_root(
    instance: &Instance,
    ceremony: &str,
) -> Result<Option<Drafted>, Failure> {
    match waiting(instance)? {
        None => Ok(None),
        Some(plan) => {
            let next = NextKeys::open(instance, &plan).await?;
            next.proven_for(ceremony).await.map(Some)
        }
    }
}

/// What the keys of a draft sign for the gate: that these targets, or else those of now, are published. Nothing, if a root names
/// the keys already.
///
/// # Errors
/// If they are none that wait for a root, by which the service could sign nothing.
pub(crate) async fn signed_by_awaited(
    instance: &Instance,
    drafted: &Drafted,
    targets: Option<&Signed<Targets>>,
) -> Result<Option<Online>, Failure> {
    let repository = Repository::of(instance)?;
    if names(&repository.newest()?, drafted) {
        return Ok(None);
    }
    let is_drafted = |plan: &OnlinePlan| {
        plan.role.are(&[
            (Snapshot::NAME, drafted.snapshot.key.id().to_string()),
            (Timestamp::NAME, drafted.timestamp.key.id().to_string()),
        ])
    };
    let Some(plan) = waiting(instance)?.filter(is_drafted) else {
        return Err(Failure::new(
            "E-CEREMONY-024",
            "the draft names keys of the tuf service that no rotation waits to use",
            "make another draft with `sigctl ceremony new --again`; it names the keys of the rotation that is open, if one is",
        )
        .exit(Exit::Refused));
    };
    has_them(instance, &plan).await?;
    let version = match targets {
        Some(targets) => targets.signed.version,
        None => repository.newest::<Targets>()?.version,
    };
    let next = NextKeys::open(instance, &plan).await?;
    next.online(instance, version).await.map(Some)
}

fn names(root: &Root, drafted: &Drafted) -> bool {
    let keys = [&drafted.snapshot.key, &drafted.timestamp.key];
    keys.iter().all(|key| root.keys.contains_key(&key.id()))
}

/// The open rotation whose keys the service has, once their time has come.
fn waiting(instance: &Instance) -> Result<Option<OnlinePlan>, Failure> {
    let plan = PlanFile::look::<OnlineKeys>(instance)?;
    Ok(plan.filter(|plan| plan.phase == Phase::Announced && plan.counts_from <= now()))
}

/// What is said instead of a refusal by the one who cannot sign the root alone.
pub(super) fn awaited(_: Failure) -> Failure {
    Failure::new(
        "E-CEREMONY-025",
        "the service has the next keys, and several people sign the root that names them",
        format!(
            "sigctl ceremony new names the keys in its draft; once that is signed and finished: sigctl rotate {} resume",
            OnlineKeys::ROLE
        ),
    )
    .exit(Exit::Waiting)
}
