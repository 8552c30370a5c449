//! The next keys of both roles.

use std::path::Path;

use sigstead_trust_root::tuf::{Role as _, Root, Snapshot, Targets, Timestamp};

use super::part::{OnlineKeys, OnlinePlan};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::rotate::moment::now;
use crate::rotate::rotation::Rotation as _;
use crate::rotate::tuf_service::{make_key, refuse_other, remove_key};
use crate::trust::{Change, NextRoot, Online, Repository, TufSigner};

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

    /// The root with these keys in place of those that it names, and what they sign for the gate: that what is published is
    /// published.
    pub(super) async fn draft(
        &self,
        instance: &Instance,
        change: &Change<'_>,
    ) -> Result<NextRoot, Failure> {
        let root = change.next_root(|root| self.named_by(root), None).await?;
        let repository = Repository::of(instance)?;
        let targets = repository.newest::<Targets>()?.version;
        let ends = now() + Repository::config(instance)?.timestamp_validity.time();
        // Whoever has later versions takes none of these.
        let snapshot = self.snapshot.sign(Snapshot::new(1, ends, targets)).await?;
        let timestamp = Timestamp::new(1, ends, &snapshot.signed, &snapshot.encode());
        let timestamp = self.timestamp.sign(timestamp).await?;
        Ok(NextRoot {
            online: Some(Online {
                snapshot,
                timestamp,
            }),
            ..NextRoot::alone(root)
        })
    }

    fn named_by(&self, root: Root) -> Root {
        root.with_role(Snapshot::NAME, &[self.snapshot.key().clone()], 1)
            .with_role(Timestamp::NAME, &[self.timestamp.key().clone()], 1)
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
