//! Publishing: targets, then the snapshot that names them, then the timestamp that names the snapshot.
//!
//! Root and targets metadata are signed elsewhere and appear in the directory; this service signs snapshot and
//! timestamp, whenever they do not name what is current or come close to their end. The check is a comparison with the
//! clock at every read of `timestamp.json`, so that a machine that slept for a month answers its first request with
//! fresh metadata.

use std::sync::Arc;
use std::time::Duration;

use sigstead_kit::Clock;
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{Role, Root, Signed, Snapshot, Targets, Timestamp, TufKey};
use time::OffsetDateTime;
use tokio::sync::{Mutex, watch};

use crate::error::Error;
use crate::metrics::Metrics;
use crate::repository::Repository;

/// The trust root of an instance as a TUF repository, kept fresh.
pub(crate) struct TrustRootRepository {
    repository: Repository,
    keys: OnlineKeys,
    validity: Validity,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    /// One publication at a time: versions are read, raised and written under it.
    publishing: Mutex<()>,
    published: watch::Sender<Published>,
}

/// The keys that this service signs with.
pub(crate) struct OnlineKeys {
    /// Signs snapshots.
    pub(crate) snapshot: Arc<dyn Signer>,
    /// Signs timestamps.
    pub(crate) timestamp: Arc<dyn Signer>,
}

/// How long metadata counts, and when it is made anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    /// Of a snapshot.
    pub(crate) snapshot: Duration,
    /// Of a timestamp.
    pub(crate) timestamp: Duration,
    /// Time left at which metadata is signed anew.
    pub(crate) resign_before: Duration,
}

/// The current version of each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// Version of the root.
    pub(crate) root: u64,
    /// Version of the targets.
    pub(crate) targets: u64,
    /// Version of the snapshot.
    pub(crate) snapshot: u64,
    /// Version of the timestamp.
    pub(crate) timestamp: u64,
    /// When the timestamp ends, in Unix seconds.
    pub(crate) expires: i64,
}

impl TrustRootRepository {
    /// Opens the repository and publishes what is due.
    ///
    /// # Errors
    /// If the repository is not whole, or does not name this service's keys.
    pub(crate) async fn open(
        repository: Repository,
        keys: OnlineKeys,
        validity: Validity,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self, Error> {
        let (published, _) = watch::channel(Published::default());
        let publishing = Mutex::new(());
        let opened = Self {
            repository,
            keys,
            validity,
            clock,
            metrics,
            publishing,
            published,
        };
        opened.publish().await?;
        Ok(opened)
    }

    /// Signs what does not name the current targets or is about to end; does nothing when all is fresh.
    ///
    /// # Errors
    /// If the repository is not whole, a key is not named by the root, or the disk refuses. What was published before
    /// stays as it was.
    pub(crate) async fn publish(&self) -> Result<Published, Error> {
        let _one_at_a_time = self.publishing.lock().await;
        let root = self.root()?;
        let targets = self.targets(&root)?;
        let (snapshot, snapshot_file) = self.fresh_snapshot(&root, &targets).await?;
        let timestamp = self
            .fresh_timestamp(&root, &snapshot, &snapshot_file)
            .await?;
        let published = Published {
            root: root.version,
            targets: targets.version,
            snapshot: snapshot.version,
            timestamp: timestamp.version,
            expires: timestamp.expires.unix_timestamp(),
        };
        self.metrics.published(&published);
        self.published
            .send_if_modified(|last| std::mem::replace(last, published) != published);
        Ok(published)
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
                tracing::error!("the timestamp that ends soon cannot be signed anew: {error:#}");
                Ok(())
            }
            published => published.map(drop),
        }
    }

    /// Each publication from now on, the last one first.
    #[must_use]
    pub(crate) fn follow(&self) -> watch::Receiver<Published> {
        self.published.subscribe()
    }

    /// The files.
    #[must_use]
    pub(crate) const fn files(&self) -> &Repository {
        &self.repository
    }

    /// The file of the newest root, for readers who do not walk the versions.
    #[must_use]
    pub(crate) fn newest_root_file(&self) -> String {
        format!("{}.root.json", self.published.borrow().root)
    }

    /// The content of a current target.
    ///
    /// # Errors
    /// If the target is not named, not there, or not what the metadata says.
    pub(crate) fn target(&self, name: &str) -> Result<Vec<u8>, Error> {
        let targets = self.targets(&self.root()?)?;
        self.repository.target(&targets, name)
    }

    /// Seconds until clients stop to accept the timestamp.
    #[must_use]
    pub(crate) fn seconds_left(&self) -> i64 {
        self.published.borrow().expires - self.clock.now().unix_timestamp()
    }

    /// The newest root, which must verify by its own keys and by its predecessor's (TUF §5.3.4).
    fn root(&self) -> Result<Root, Error> {
        let (root, _) = self.repository.latest::<Root>()?.ok_or(Error::NoRoot)?;
        verified(&root, &root.signed)?;
        if root.signed.version > 1 {
            let before = format!("{}.root.json", root.signed.version - 1);
            let (before, _) = self
                .repository
                .metadata::<Root>(&before)?
                .ok_or(Error::RootGap { file: before })?;
            verified(&root, &before.signed)?;
        }
        Ok(root.signed)
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
        root: &Root,
        targets: &Targets,
    ) -> Result<(Snapshot, Vec<u8>), Error> {
        let last = self.repository.latest::<Snapshot>()?;
        let version = last
            .as_ref()
            .map_or(0, |(snapshot, _)| snapshot.signed.version);
        if let Some((snapshot, file)) = last {
            let names_current = snapshot.signed.targets_version() == Some(targets.version);
            if names_current && self.is_fresh(&snapshot, root, self.validity.snapshot) {
                return Ok((snapshot.signed, file));
            }
            if snapshot.signed.targets_version() > Some(targets.version) {
                return Err(Error::TargetsWentBack {
                    published: snapshot.signed.targets_version().unwrap_or_default(),
                    found: targets.version,
                });
            }
        }
        let expires = self.clock.now() + self.validity.snapshot;
        let snapshot = Snapshot::new(version + 1, expires, targets.version);
        let file = self
            .sign(snapshot.clone(), root, &self.keys.snapshot)
            .await?;
        Ok((snapshot, file))
    }

    async fn fresh_timestamp(
        &self,
        root: &Root,
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
            if names_current && self.is_fresh(&timestamp, root, self.validity.timestamp) {
                return Ok(timestamp.signed);
            }
        }
        self.sign(next.clone(), root, &self.keys.timestamp).await?;
        Ok(next)
    }

    fn is_fresh<T: Role>(&self, metadata: &Signed<T>, root: &Root, validity: Duration) -> bool {
        let now: OffsetDateTime = self.clock.now();
        metadata.verify(root).is_ok()
            && metadata.signed.expires() > now + self.validity.resign_before
            // A file signed while the clock was far ahead would otherwise stay for years.
            && metadata.signed.expires() <= now + validity
    }

    /// Signs metadata, checks it as a client would, and writes it.
    async fn sign<T: Role>(
        &self,
        role: T,
        root: &Root,
        signer: &Arc<dyn Signer>,
    ) -> Result<Vec<u8>, Error> {
        let file_name = role.file_name();
        let fingerprint = signer.public_key().fingerprint();
        let key = TufKey::new(signer.public_key()).ok_or_else(|| Error::KeyUnusable {
            role: T::NAME,
            fingerprint: fingerprint.clone(),
        })?;
        let mut metadata = Signed::unsigned(role);
        let malformed = |source| Error::Metadata {
            file: file_name.clone(),
            source,
        };
        let message = metadata.bytes_to_sign().map_err(malformed)?;
        let signature = signer.sign(&message).await.map_err(Error::Sign)?;
        metadata.add_signature(&key, &signature);
        metadata.verify(root).map_err(|_| Error::KeyUnusable {
            role: T::NAME,
            fingerprint,
        })?;
        let bytes = metadata.encode();
        self.repository.write(&file_name, &bytes)?;
        tracing::info!(file = file_name, "published");
        Ok(bytes)
    }
}

fn verified<T: Role>(metadata: &Signed<T>, root: &Root) -> Result<(), Error> {
    metadata.verify(root).map_err(|source| Error::Metadata {
        file: metadata.signed.file_name(),
        source,
    })
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
