//! The way of a client that has nothing but a root to what a TUF repository publishes (TUF specification §5).

use std::path::Path;

use sigstead_trust_root::tuf::{Hashes, Role, Root, Signed, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::http;

/// A walk through a repository. Nothing is compared with what an earlier one found: that is for who remembers it.
pub(crate) struct Walk<'a> {
    client: &'a reqwest::Client,
    url: &'a str,
    now: OffsetDateTime,
    /// What was found of each role, as far as the walk came.
    pub(crate) met: Vec<Met>,
}

/// What a role says of itself.
pub(crate) struct Met {
    pub(crate) role: &'static str,
    pub(crate) version: u64,
    pub(crate) expires: OffsetDateTime,
}

impl<'a> Walk<'a> {
    /// A walk through the repository at `url`.
    pub(crate) const fn new(
        client: &'a reqwest::Client,
        url: &'a str,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            client,
            url,
            now,
            met: Vec::new(),
        }
    }

    /// The targets that a client comes to. The steps have the numbers of the specification; `root` is 5.2, the root that the
    /// client was given.
    pub(crate) async fn targets(&mut self, root: &Root) -> Result<Targets, Failure> {
        // 5.3
        let root = self.newest_root(root).await?;
        // 5.4
        let timestamp: Timestamp = self.role("timestamp.json", &root).await?;
        // 5.5
        let meta = timestamp.snapshot();
        let meta = meta.ok_or_else(|| self.refuse("the timestamp names no snapshot"))?;
        let file = format!("{}.snapshot.json", meta.version);
        if Hashes::of(&self.get(&file).await?) != meta.hashes {
            return Err(self.refuse("the snapshot is not the one that the timestamp names"));
        }
        let snapshot: Snapshot = self.role(&file, &root).await?;
        // 5.6
        let version = snapshot.targets_version().unwrap_or_default();
        self.role(&format!("{version}.targets.json"), &root).await
    }

    /// 5.7: the bytes of a target.
    pub(crate) async fn target(&self, targets: &Targets, name: &str) -> Result<Vec<u8>, Failure> {
        let meta = targets.targets.get(name);
        let meta = meta.ok_or_else(|| self.refuse(&format!("the targets do not name {name}")))?;
        let path = format!("targets/{}.{name}", meta.hashes.sha256);
        let bytes = self.get(&path).await?;
        match Hashes::of(&bytes) == meta.hashes {
            true => Ok(bytes),
            false => Err(self.refuse(&format!("{name} is not the one that the targets name"))),
        }
    }

    async fn newest_root(&mut self, given: &Root) -> Result<Root, Failure> {
        let mut root = given.clone();
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
        self.meet(&root)?;
        Ok(root)
    }

    /// Metadata that enough keys of the root signed and that has not expired.
    async fn role<T: Role>(&mut self, file: &str, root: &Root) -> Result<T, Failure> {
        let metadata = self.parse::<T>(&self.get(file).await?)?;
        metadata.verify(root).map_err(|error| self.refuse(&error))?;
        self.meet(&metadata.signed)?;
        Ok(metadata.signed)
    }

    fn parse<T: Role>(&self, bytes: &[u8]) -> Result<Signed<T>, Failure> {
        Signed::parse(bytes).map_err(|error| self.refuse(&error))
    }

    fn meet<T: Role>(&mut self, role: &T) -> Result<(), Failure> {
        self.met.push(Met {
            role: T::NAME,
            version: role.version(),
            expires: role.expires(),
        });
        match role.expires() > self.now {
            true => Ok(()),
            false => Err(self.expired(T::NAME, role.expires())),
        }
    }

    async fn get(&self, file: &str) -> Result<Vec<u8>, Failure> {
        let found = self.look_for(file).await?;
        found.ok_or_else(|| self.refuse(&format!("{file} is not there")))
    }

    async fn look_for(&self, file: &str) -> Result<Option<Vec<u8>>, Failure> {
        let url = format!("{}/{file}", self.url);
        let answer = self.client.get(&url).send().await;
        http::found("tuf", &url, answer).await
    }

    fn expired(&self, role: &str, end: OffsetDateTime) -> Failure {
        Failure::new(
            "E-CTL-404",
            format!("the {role} metadata at {} has expired", self.url),
            "sign it again: `sigctl trust publish` for root and targets, the `tuf` service by itself for the others",
        )
        .because(format!("it was good until {end}"))
    }

    fn refuse(&self, why: &(impl std::fmt::Display + ?Sized)) -> Failure {
        Failure::service("tuf", self.url, why)
    }
}

/// A root as a client is given it.
pub(crate) fn read_root(path: &Path) -> Result<Root, Failure> {
    let unread = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let bytes = std::fs::read(path).map_err(|error| unread(&error))?;
    let root: Signed<Root> = Signed::parse(&bytes).map_err(|error| unread(&error))?;
    Ok(root.signed)
}

/// As many as the reference client follows.
const MOST_ROOTS: usize = 256;
