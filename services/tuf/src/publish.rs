//! Publishing: targets, then the snapshot that names them, then the timestamp that names the snapshot.
//!
//! Root and targets metadata are signed elsewhere and appear in the directory; this service signs snapshot and
//! timestamp, whenever they do not name what is current or come close to their end. The check is a comparison with the
//! clock at every read of `timestamp.json`, so that a machine that slept for a month answers its first request with
//! fresh metadata.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use sigstead_kit::{Clock, causes};
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{Role, Root, Signed, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;
use tokio::sync::{Mutex, watch};

use crate::error::Error;
use crate::expiry::{RoleName, RoleState, seconds};
use crate::metrics::Metrics;
use crate::online_keys::{OnlineKeys, Roots, signed};
use crate::published::Published;
use crate::repository::Repository;

/// The trust root of an instance as a TUF repository, kept fresh.
pub(crate) struct TrustRootRepository {
    repository: Repository,
    keys: ArcSwap<OnlineKeys>,
    validity: Validity,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    /// One publication at a time: versions are read, raised and written under it.
    publishing: Mutex<()>,
    /// What clients have. Written by a publication when all of it is on disk.
    published: watch::Sender<Published>,
    /// The newest root and targets that verify; readers see no newer file of either. A publication shows the targets before it
    /// signs a snapshot of them, so that a reader of that snapshot finds them, and the root once all that its keys must have
    /// signed is there, so that a reader of that root finds it.
    verified: watch::Sender<Verified>,
    /// Why what is in the directory cannot be published. Written by a publication at its end.
    refusal: watch::Sender<Option<String>>,
}

/// How long metadata counts, and when it is made again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    /// Of a snapshot.
    pub(crate) snapshot: Duration,
    /// Of a timestamp.
    pub(crate) timestamp: Duration,
    /// Time left at which metadata is signed again.
    pub(crate) resign_before: Duration,
}

/// Versions of what the operator signed and this service has checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Verified {
    root: u64,
    targets: u64,
}

impl TrustRootRepository {
    /// A repository of which nothing is published yet.
    pub(crate) fn new(
        repository: Repository,
        keys: OnlineKeys,
        validity: Validity,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        Self {
            repository,
            keys: ArcSwap::from_pointee(keys),
            validity,
            clock,
            metrics,
            publishing: Mutex::new(()),
            published: watch::Sender::default(),
            verified: watch::Sender::default(),
            refusal: watch::Sender::default(),
        }
    }

    /// Checks that there is something to publish, and that the keys could sign it; writes nothing.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let roots = self.roots()?;
        let targets = self.targets(&roots.newest)?;
        let keys = self.keys.load_full();
        let snapshot = match self.repository.latest::<Snapshot>()? {
            Some((snapshot, _)) => snapshot.signed,
            None => Snapshot::new(1, self.now(), targets.version),
        };
        went_back(&snapshot, &targets)?;
        let file = signed(snapshot.clone(), &roots, &keys.snapshot).await?;
        let timestamp = match self.repository.metadata::<Timestamp>("timestamp.json")? {
            Some((timestamp, _)) => timestamp.signed,
            None => Timestamp::new(1, self.now(), &snapshot, &file),
        };
        let signed = signed(timestamp, &roots, &keys.timestamp).await;
        signed.map(drop)
    }

    /// Signs what does not name the current targets or is about to end; does nothing when all is fresh.
    ///
    /// # Errors
    /// If the repository is not whole, a key is not named by the root, or the disk refuses. What was published before
    /// stays as it was.
    pub(crate) async fn publish(&self) -> Result<(), Error> {
        let _one_at_a_time = self.publishing.lock().await;
        let published = self.publish_what_is_there().await;
        let refusal = published.as_ref().err().map(|error| causes(error));
        self.refusal.send_replace(refusal);
        published
    }

    /// Has other keys from now on. They sign when the root names them.
    pub(crate) fn take_up(&self, keys: OnlineKeys) {
        self.keys.store(Arc::new(keys));
    }

    /// The keys that are open.
    pub(crate) fn open_keys(&self) -> Arc<OnlineKeys> {
        self.keys.load_full()
    }

    /// The newest root that clients have.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn published_root(&self) -> Result<Root, Error> {
        let file = self.newest_root_file();
        let root = self.repository.metadata::<Root>(&file)?;
        root.map(|(root, _)| root.signed).ok_or(Error::NoRoot)
    }

    async fn publish_what_is_there(&self) -> Result<(), Error> {
        let roots = self.roots()?;
        let targets = self.targets(&roots.newest)?;
        self.verified
            .send_modify(|verified| verified.targets = targets.version);
        let (snapshot, snapshot_file) = self.fresh_snapshot(&roots, &targets).await?;
        let timestamp = self
            .fresh_timestamp(&roots, &snapshot, &snapshot_file)
            .await?;
        self.verified
            .send_modify(|verified| verified.root = roots.newest.version);
        let published = Published {
            root: state(&roots.newest),
            targets: state(&targets),
            snapshot: state(&snapshot),
            timestamp: state(&timestamp),
        };
        self.metrics.published(&published);
        self.published
            .send_if_modified(|last| std::mem::replace(last, published) != published);
        Ok(())
    }

    /// Publishes if the timestamp is about to end by the clock. What cannot be published is not the client's trouble
    /// while the last timestamp still counts.
    ///
    /// # Errors
    /// As [`Self::publish`], once the timestamp has ended.
    pub(crate) async fn publish_if_due(&self) -> Result<(), Error> {
        if self.seconds_left() > seconds(self.validity.resign_before) {
            return Ok(());
        }
        match self.publish().await {
            Err(error) if self.seconds_left() > 0 => {
                let error = anyhow::Error::from(error);
                tracing::error!("the timestamp that ends soon cannot be signed again: {error:#}");
                Ok(())
            }
            published => published,
        }
    }

    /// Each publication from now on, the last one first.
    #[must_use]
    pub(crate) fn follow(&self) -> watch::Receiver<Published> {
        self.published.subscribe()
    }

    /// A file of the repository. Root and targets metadata that is newer than what verifies is not there yet: a client would
    /// take it beside a snapshot that does not fit.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let verified = *self.verified.borrow();
        let is_ahead = |ending: &str, newest: u64| {
            let version = path.strip_suffix(ending).and_then(|it| it.parse().ok());
            version.is_some_and(|version: u64| version > newest)
        };
        if is_ahead(".root.json", verified.root) || is_ahead(".targets.json", verified.targets) {
            return Ok(None);
        }
        self.repository.read(path)
    }

    /// Counts that somebody got a file.
    pub(crate) fn fetched(&self, path: &str) {
        let timestamp = self.published.borrow().timestamp.version;
        self.metrics.fetched(path, timestamp);
    }

    /// The file of the newest root, for readers who do not walk the versions.
    pub(crate) fn newest_root_file(&self) -> String {
        format!("{}.root.json", self.verified.borrow().root)
    }

    /// Why clients refuse the published metadata of a role, if they do.
    pub(crate) fn expired(&self, role: RoleName) -> Option<String> {
        self.published.borrow().of(role).expired(role, self.now())
    }

    /// That clients will soon refuse the published metadata of a role.
    #[must_use]
    pub(crate) fn expires_soon(&self, role: RoleName) -> Option<String> {
        let state = self.published.borrow().of(role);
        state.expires_soon(role, self.now(), self.validity.resign_before)
    }

    /// Why what is in the directory is not published.
    #[must_use]
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refusal.borrow().clone()
    }

    /// The time by which metadata expires.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// The content of a published target. The publication verified the metadata; the content is compared with it.
    ///
    /// # Errors
    /// If the target is not named, not there, or not what the metadata says.
    pub(crate) fn target(&self, name: &str) -> Result<Vec<u8>, Error> {
        let version = self.published.borrow().targets.version;
        let file = format!("{version}.{}.json", Targets::NAME);
        let targets = self.repository.metadata::<Targets>(&file)?;
        let (targets, _) = targets.ok_or(Error::NoTargets)?;
        self.repository.target(&targets.signed, name)
    }

    fn seconds_left(&self) -> i64 {
        let timestamp = self.published.borrow().timestamp;
        timestamp.seconds_left(self.now())
    }

    /// The newest root, which must verify by its own keys and by its predecessor's (TUF §5.3.4).
    fn roots(&self) -> Result<Roots, Error> {
        let (root, _) = self.repository.latest::<Root>()?.ok_or(Error::NoRoot)?;
        verified(&root, &root.signed)?;
        let before = self.before(&root.signed)?;
        if let Some(before) = &before {
            let follows = root.verify_successor(before);
            follows.map_err(|source| Error::Metadata {
                file: root.signed.file_name(),
                source,
            })?;
        }
        let published = self.verified.borrow().root;
        if root.signed.version < published {
            return Err(Error::WentBack {
                role: Root::NAME,
                published,
                found: root.signed.version,
            });
        }
        Ok(Roots {
            newest: root.signed,
            before,
        })
    }

    fn before(&self, root: &Root) -> Result<Option<Root>, Error> {
        if root.version <= 1 {
            return Ok(None);
        }
        let file = format!("{}.root.json", root.version - 1);
        match self.repository.metadata::<Root>(&file)? {
            Some((before, _)) => Ok(Some(before.signed)),
            None => Err(Error::RootGap { file }),
        }
    }

    /// The newest targets. None of the files that they name may be missing: some clients fetch all of them.
    fn targets(&self, root: &Root) -> Result<Targets, Error> {
        let (targets, _) = self
            .repository
            .latest::<Targets>()?
            .ok_or(Error::NoTargets)?;
        verified(&targets, root)?;
        for name in targets.signed.targets.keys() {
            self.repository.target(&targets.signed, name)?;
        }
        Ok(targets.signed)
    }

    async fn fresh_snapshot(
        &self,
        roots: &Roots,
        targets: &Targets,
    ) -> Result<(Snapshot, Vec<u8>), Error> {
        let last = self.repository.latest::<Snapshot>()?;
        let version = last
            .as_ref()
            .map_or(0, |(snapshot, _)| snapshot.signed.version);
        if let Some((snapshot, file)) = last {
            let names_current = snapshot.signed.targets_version() == Some(targets.version);
            if names_current && self.is_fresh(&snapshot, &roots.newest, self.validity.snapshot) {
                return Ok((snapshot.signed, file));
            }
            went_back(&snapshot.signed, targets)?;
        }
        let expires = self.clock.now() + self.validity.snapshot;
        let snapshot = Snapshot::new(version + 1, expires, targets.version);
        let file = self
            .sign(snapshot.clone(), roots, &self.keys.load_full().snapshot)
            .await?;
        Ok((snapshot, file))
    }

    async fn fresh_timestamp(
        &self,
        roots: &Roots,
        snapshot: &Snapshot,
        snapshot_file: &[u8],
    ) -> Result<Timestamp, Error> {
        let last = self.repository.metadata::<Timestamp>("timestamp.json")?;
        let version = last
            .as_ref()
            .map_or(0, |(timestamp, _)| timestamp.signed.version);
        let expires = self.clock.now() + self.validity.timestamp;
        let next = Timestamp::new(version + 1, expires, snapshot, snapshot_file);
        if let Some((timestamp, _)) = last {
            let names_current = timestamp.signed.snapshot() == next.snapshot();
            if names_current && self.is_fresh(&timestamp, &roots.newest, self.validity.timestamp) {
                return Ok(timestamp.signed);
            }
        }
        self.sign(next.clone(), roots, &self.keys.load_full().timestamp)
            .await?;
        Ok(next)
    }

    fn is_fresh<T: Role>(&self, metadata: &Signed<T>, root: &Root, validity: Duration) -> bool {
        let now = self.now();
        metadata.verify(root).is_ok()
            && metadata.signed.expires() > now + self.validity.resign_before
            // A file signed while the clock was far ahead would otherwise stay for years.
            && metadata.signed.expires() <= now + validity
    }

    /// Signs metadata, checks it as a client would, and writes it.
    async fn sign<T: Role>(
        &self,
        role: T,
        roots: &Roots,
        signers: &[Arc<dyn Signer>],
    ) -> Result<Vec<u8>, Error> {
        let file_name = role.file_name();
        let bytes = signed(role, roots, signers).await?;
        self.repository.write(&file_name, &bytes)?;
        tracing::info!(file = file_name, "published");
        Ok(bytes)
    }
}

/// Refuses targets that are older than those which a snapshot names.
fn went_back(snapshot: &Snapshot, targets: &Targets) -> Result<(), Error> {
    match snapshot.targets_version() {
        Some(published) if published > targets.version => Err(Error::WentBack {
            role: Targets::NAME,
            published,
            found: targets.version,
        }),
        _ => Ok(()),
    }
}

fn verified<T: Role>(metadata: &Signed<T>, root: &Root) -> Result<(), Error> {
    metadata.verify(root).map_err(|source| Error::Metadata {
        file: metadata.signed.file_name(),
        source,
    })
}

fn state<T: Role>(metadata: &T) -> RoleState {
    RoleState {
        version: metadata.version(),
        expires: metadata.expires().unix_timestamp(),
    }
}
