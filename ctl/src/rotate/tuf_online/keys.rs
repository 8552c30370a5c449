//! The next keys of both roles.

use std::path::Path;

use sigstead_trust_root::tuf::{Role as _, Root, Signed, Snapshot, Timestamp};

use super::part::{OnlineKeys, OnlinePlan};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::rotate::rotation::Rotation as _;
use crate::rotate::tuf_service::{make_key, refuse_other, remove_key};
use crate::trust::TufSigner;

/// The next keys, open.
pub(super) struct NextKeys {
    snapshot: TufSigner,
    timestamp: TufSigner,
}

impl NextKeys {
    pub(super) async fn open(instance: &Instance, plan: &OnlinePlan) -> Result<Self, Failure> {
        let role = &plan.role;
        let (snapshot, timestamp) = (plan.snapshot_key(), plan.timestamp_key());
        Ok(Self {
            snapshot: open(instance, &snapshot, role.next_snapshot.as_deref()).await?,
            timestamp: open(instance, &timestamp, role.next_timestamp.as_deref()).await?,
        })
    }

    /// As roots name them.
    pub(super) fn ids(&self) -> (String, String) {
        let id = |signer: &TufSigner| signer.key().id().to_string();
        (id(&self.snapshot), id(&self.timestamp))
    }

    /// The root with these keys in place of those that it names.
    pub(super) fn named_by(&self, root: Root) -> Root {
        root.with_role(Snapshot::NAME, &[self.snapshot.key().clone()], 1)
            .with_role(Timestamp::NAME, &[self.timestamp.key().clone()], 1)
    }

    pub(super) async fn sign(
        &self,
        snapshot: Snapshot,
        timestamp: Timestamp,
    ) -> Result<(Signed<Snapshot>, Signed<Timestamp>), Failure> {
        let snapshot = self.snapshot.sign(snapshot).await?;
        Ok((snapshot, self.timestamp.sign(timestamp).await?))
    }
}

async fn open(
    instance: &Instance,
    key: &Path,
    planned: Option<&str>,
) -> Result<TufSigner, Failure> {
    let place = Path::new(Service::Tuf.name()).join(key);
    let place = place.display().to_string();
    let next = TufSigner::open(instance, &place).await?;
    refuse_other(OnlineKeys::ROLE, &place, &next, planned)?;
    Ok(next)
}

/// Makes those that an earlier run did not come as far as making.
pub(super) fn make(instance: &Instance, plan: &OnlinePlan) -> Result<(), Failure> {
    let folder = instance.service(Service::Tuf);
    make_key(instance, &folder.join(plan.snapshot_key()))?;
    make_key(instance, &folder.join(plan.timestamp_key()))
}

/// Removes both, which signed nothing that clients have.
pub(super) fn remove(instance: &Instance, plan: &OnlinePlan) -> Result<(), Failure> {
    let folder = instance.service(Service::Tuf);
    remove_key(&folder.join(plan.snapshot_key()))?;
    remove_key(&folder.join(plan.timestamp_key()))
}
