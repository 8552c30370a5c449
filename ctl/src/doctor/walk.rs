//! The way of a client that has nothing but the kit's root to the trusted root (TUF specification §5).

use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::{Hashes, Role, Root, Signed, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};

/// The trusted root that the service leads to.
///
/// The steps have the numbers of the specification. Nothing is compared with what an earlier walk found: a doctor has no
/// memory.
pub(super) async fn trusted_root(instance: &Instance) -> Result<Vec<u8>, Failure> {
    let walk = Walk::begin(instance)?;
    // 5.3
    let root = walk.newest_root().await?;
    // 5.4
    let timestamp: Timestamp = walk.role("timestamp.json", &root).await?;
    // 5.5
    let meta = timestamp.snapshot();
    let meta = meta.ok_or_else(|| walk.refuse("the timestamp names no snapshot"))?;
    let file = format!("{}.snapshot.json", meta.version);
    if Hashes::of(&walk.get(&file).await?) != meta.hashes {
        return Err(walk.refuse("the snapshot is not the one that the timestamp names"));
    }
    let snapshot: Snapshot = walk.role(&file, &root).await?;
    // 5.6
    let version = snapshot.targets_version().unwrap_or_default();
    let file = format!("{version}.targets.json");
    let targets: Targets = walk.role(&file, &root).await?;
    // 5.7
    let meta = targets.targets.get(TRUSTED_ROOT);
    let meta = meta.ok_or_else(|| walk.refuse("the targets do not name the trusted root"))?;
    let bytes = walk
        .get(&format!("targets/{}.{TRUSTED_ROOT}", meta.hashes.sha256))
        .await?;
    match Hashes::of(&bytes) == meta.hashes {
        true => Ok(bytes),
        false => Err(walk.refuse("the trusted root is not the one that the targets name")),
    }
}

struct Walk {
    client: reqwest::Client,
    url: String,
    root: Root,
    now: OffsetDateTime,
}

impl Walk {
    /// 5.2: the root that the client was given.
    fn begin(instance: &Instance) -> Result<Self, Failure> {
        let path = instance.path("client/root.json");
        let unread = |error: &dyn std::fmt::Display| Failure::file("read", &path, error);
        let bytes = std::fs::read(&path).map_err(|error| unread(&error))?;
        let root: Signed<Root> = Signed::parse(&bytes).map_err(|error| unread(&error))?;
        Ok(Self {
            client: http::client(instance)?,
            url: instance.manifest.local_url(Service::Tuf),
            root: root.signed,
            now: sigstead_kit::SystemClock.now(),
        })
    }

    async fn newest_root(&self) -> Result<Root, Failure> {
        let mut root = self.root.clone();
        for _ in 0..MOST_ROOTS {
            let file = format!("{}.root.json", root.version.saturating_add(1));
            let Some(bytes) = self.look_for(&file).await? else {
                break;
            };
            let next = self.parse::<Root>(&bytes)?;
            next.verify_successor(&root)
                .map_err(|error| self.refuse(&error))?;
            root = next.signed;
        }
        self.refuse_expired(&root)?;
        Ok(root)
    }

    /// Metadata that enough keys of the root signed and that has not expired.
    async fn role<T: Role>(&self, file: &str, root: &Root) -> Result<T, Failure> {
        let metadata = self.parse::<T>(&self.get(file).await?)?;
        metadata.verify(root).map_err(|error| self.refuse(&error))?;
        self.refuse_expired(&metadata.signed)?;
        Ok(metadata.signed)
    }

    fn parse<T: Role>(&self, bytes: &[u8]) -> Result<Signed<T>, Failure> {
        Signed::parse(bytes).map_err(|error| self.refuse(&error))
    }

    fn refuse_expired(&self, role: &impl Role) -> Result<(), Failure> {
        match role.expires() > self.now {
            true => Ok(()),
            false => Err(self.refuse(&format!("the {} metadata has expired", role.kind()))),
        }
    }

    async fn get(&self, file: &str) -> Result<Vec<u8>, Failure> {
        let found = self.look_for(file).await?;
        found.ok_or_else(|| self.refuse(&format!("{file} is not there")))
    }

    async fn look_for(&self, file: &str) -> Result<Option<Vec<u8>>, Failure> {
        let url = format!("{}/{file}", self.url);
        let answer = self.client.get(&url).send().await;
        if answer.as_ref().is_ok_and(|answer| answer.status() == 404) {
            return Ok(None);
        }
        http::bytes("tuf", &url, answer).await.map(Some)
    }

    fn refuse(&self, why: &(impl std::fmt::Display + ?Sized)) -> Failure {
        Failure::service("tuf", &self.url, why)
    }
}

const TRUSTED_ROOT: &str = "trusted_root.json";
/// As many as the reference client follows.
const MOST_ROOTS: usize = 256;
