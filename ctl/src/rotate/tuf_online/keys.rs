//! The next keys of both roles.

use sigstead_ceremony::{OnlineKey, OnlineKeys as Drafted};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::tuf::{Role, Root, Snapshot, Targets, Timestamp};

use super::part::{OnlineKeys, OnlinePlan};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::rotate::moment::now;
use crate::rotate::rotation::Rotation as _;
use crate::rotate::tuf_service::{
    Open, make_elsewhere, make_key, refuse_other, refused_draft, reload_until, remove_key,
};
use crate::trust::{Change, NextRoot, Online, Repository, TufSigner};

/// The next keys, open.
pub(super) struct NextKeys {
    snapshot: TufSigner,
    timestamp: TufSigner,
}

impl NextKeys {
    pub(super) async fn open(instance: &Instance, plan: &OnlinePlan) -> Result<Self, Failure> {
        let role = &plan.role;
        let folder = instance.service(Service::Tuf);
        let [snapshot, timestamp] = plan.keys(instance).map(|key| key.in_folder(&folder));
        Ok(Self {
            snapshot: open(&snapshot, role.next_snapshot.as_deref()).await?,
            timestamp: open(&timestamp, role.next_timestamp.as_deref()).await?,
        })
    }

    /// As roots name them.
    pub(super) fn ids(&self) -> (String, String) {
        let id = |signer: &TufSigner| signer.key().id().to_string();
        (id(&self.snapshot), id(&self.timestamp))
    }

    /// The root with these keys in place of those that it names, and what they sign for the gate.
    pub(super) async fn draft(
        &self,
        instance: &Instance,
        change: &Change<'_>,
    ) -> Result<NextRoot, Failure> {
        let root = change.next_root(|root| self.named_by(root), None).await?;
        let targets = Repository::of(instance)?.newest::<Targets>()?.version;
        Ok(NextRoot {
            online: Some(self.online(instance, targets).await?),
            ..NextRoot::alone(root)
        })
    }

    /// That a version of the targets is published, as these keys say it to the gate.
    pub(super) async fn online(
        &self,
        instance: &Instance,
        targets: u64,
    ) -> Result<Online, Failure> {
        let ends = now() + Repository::config(instance)?.timestamp_validity.time();
        // Whoever has later versions takes none of these.
        let snapshot = self.snapshot.sign(Snapshot::new(1, ends, targets)).await?;
        let timestamp = Timestamp::new(1, ends, &snapshot.signed, &snapshot.encode());
        let timestamp = self.timestamp.sign(timestamp).await?;
        Ok(Online {
            snapshot,
            timestamp,
        })
    }

    /// Checks that what they sign counts by a root that names them.
    pub(super) async fn check(&self, instance: &Instance, root: &Root) -> Result<(), Failure> {
        let root = self.named_by(root.successor(root.expires));
        let online = self.online(instance, 1).await?;
        let verified = online.snapshot.verify(&root);
        let verified = verified.and_then(|()| online.timestamp.verify(&root));
        verified.map_err(|error| refused_draft(OnlineKeys::ROLE, &sigstead_kit::causes(&error)))
    }

    fn named_by(&self, root: Root) -> Root {
        root.with_role(Snapshot::NAME, &[self.snapshot.key().clone()], 1)
            .with_role(Timestamp::NAME, &[self.timestamp.key().clone()], 1)
    }

    /// As a draft names them, with a proof by each.
    pub(super) async fn proven_for(&self, ceremony: &str) -> Result<Drafted, Failure> {
        Ok(Drafted {
            snapshot: proven::<Snapshot>(ceremony, &self.snapshot).await?,
            timestamp: proven::<Timestamp>(ceremony, &self.timestamp).await?,
        })
    }
}

async fn proven<T: Role>(ceremony: &str, signer: &TufSigner) -> Result<OnlineKey, Failure> {
    let key = signer.key();
    let message = OnlineKey::bytes_to_sign::<T>(ceremony, key);
    let message =
        message.map_err(|error| refused_draft(OnlineKeys::ROLE, &sigstead_kit::causes(&error)))?;
    let signature = signer.sign_bytes(T::NAME, &message).await?;
    Ok(OnlineKey::proven_by(key.clone(), &signature))
}

async fn open(place: &KeyConfig, planned: Option<&str>) -> Result<TufSigner, Failure> {
    let next = TufSigner::open_at(place).await?;
    refuse_other(OnlineKeys::ROLE, &place.to_string(), &next, planned)?;
    Ok(next)
}

/// Has the service read which keys it has, and refuses to go on without the next ones.
pub(super) async fn has_them(instance: &Instance, plan: &OnlinePlan) -> Result<(), Failure> {
    let are_open = |open: &Open| plan.role.are_open(open);
    reload_until(instance, OnlineKeys::ROLE, are_open)
        .await
        .map(drop)
}

/// Makes those that an earlier run did not come as far as making.
pub(super) async fn make(instance: &Instance, plan: &OnlinePlan) -> Result<(), Failure> {
    if plan.are_in_files() {
        let folder = instance.service(Service::Tuf);
        let mut files = plan.files().into_iter();
        return files.try_for_each(|file| make_key(instance, &folder.join(file)));
    }
    for place in plan.keys(instance) {
        make_elsewhere(instance, &place).await?;
    }
    Ok(())
}

/// Removes both, which signed nothing that clients have. Keys that are elsewhere stay, for who looks after that place.
pub(super) fn remove(instance: &Instance, plan: &OnlinePlan) -> Result<(), Failure> {
    let folder = instance.service(Service::Tuf);
    let mut files = plan.files().into_iter();
    files.try_for_each(|file| remove_key(&folder.join(file)))
}
