//! The way of a client that has nothing but a root to what a TUF repository publishes (TUF specification §5).

mod repository;

use std::path::Path;

use sigstead_trust_root::tuf::{Hashes, Role, Root, Signed, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::input;

pub(crate) use repository::{Repository, Wrong};

/// A walk through a repository. Nothing is compared with what an earlier one found: that is for who remembers it.
pub(crate) struct Walk<'a> {
    repository: Repository<'a>,
    now: OffsetDateTime,
    /// What was found of each role, as far as the walk came.
    pub(crate) met: Vec<Met>,
    /// The metadata in the order in which it was found: roots behind the given one, timestamp, snapshot, targets.
    pub(crate) files: Vec<File>,
}

/// What a role says of itself.
pub(crate) struct Met {
    pub(crate) role: &'static str,
    pub(crate) version: u64,
    pub(crate) expires: OffsetDateTime,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// A walk through the repository that is served at `url`.
    pub(crate) const fn new(
        client: &'a reqwest::Client,
        url: &'a str,
        now: OffsetDateTime,
    ) -> Self {
        Self::of(Repository::Served { client, url }, now)
    }

    /// A walk through a repository. `now` decides what has expired.
    pub(crate) const fn of(repository: Repository<'a>, now: OffsetDateTime) -> Self {
        Self {
            repository,
            now,
            met: Vec::new(),
            files: Vec::new(),
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
        let meta = meta.ok_or_else(|| self.wrong(&Wrong::Missing("snapshot.json")))?;
        let file = format!("{}.snapshot.json", meta.version);
        if Hashes::of(&self.get(&file).await?) != meta.hashes {
            return Err(self.wrong(&Wrong::Changed(&file, None)));
        }
        let snapshot: Snapshot = self.role(&file, &root).await?;
        // 5.6
        let version = snapshot.targets_version().unwrap_or_default();
        self.role(&format!("{version}.targets.json"), &root).await
    }

    /// 5.7: the bytes of a target.
    pub(crate) async fn target(&self, targets: &Targets, name: &str) -> Result<Vec<u8>, Failure> {
        let meta = targets.targets.get(name);
        let meta = meta.ok_or_else(|| self.wrong(&Wrong::Missing(name)))?;
        let path = format!("targets/{}.{name}", meta.hashes.sha256);
        let bytes = self.get(&path).await?;
        match Hashes::of(&bytes) == meta.hashes {
            true => Ok(bytes),
            false => Err(self.wrong(&Wrong::Changed(&path, None))),
        }
    }

    /// The newest root that a client comes to that has `given`, which must be good still.
    pub(crate) async fn newest_root(&mut self, given: &Root) -> Result<Root, Failure> {
        let mut root = given.clone();
        for _ in 0..MOST_ROOTS {
            let name = File::of_root(root.version.saturating_add(1));
            let Some(bytes) = self.repository.look_for(&name).await? else {
                break;
            };
            let next = self.parse::<Root>(&name, &bytes)?;
            next.verify_successor(&root)
                .map_err(|error| self.wrong(&Wrong::Unsigned(&name, error)))?;
            root = next.signed;
            self.files.push(File { name, bytes });
        }
        self.meet(&root)?;
        Ok(root)
    }

    /// The version that was found of a role; 0 if the walk did not come to it.
    pub(crate) fn version_of(&self, role: &str) -> u64 {
        let met = self.met.iter().find(|met| met.role == role);
        met.map_or(0, |met| met.version)
    }

    /// When the first of what was found stops to be taken.
    pub(crate) fn good_until(&self) -> Option<OffsetDateTime> {
        self.met.iter().map(|met| met.expires).min()
    }

    /// Metadata that enough keys of the root signed and that has not expired.
    async fn role<T: Role>(&mut self, name: &str, root: &Root) -> Result<T, Failure> {
        let bytes = self.get(name).await?;
        let metadata = self.parse::<T>(name, &bytes)?;
        metadata
            .verify(root)
            .map_err(|error| self.wrong(&Wrong::Unsigned(name, error)))?;
        let name = name.to_owned();
        self.files.push(File { name, bytes });
        self.meet(&metadata.signed)?;
        Ok(metadata.signed)
    }

    fn parse<T: Role>(&self, name: &str, bytes: &[u8]) -> Result<Signed<T>, Failure> {
        Signed::parse(bytes).map_err(|error| self.wrong(&Wrong::Changed(name, Some(error))))
    }

    fn meet<T: Role>(&mut self, role: &T) -> Result<(), Failure> {
        let expires = role.expires();
        self.met.push(Met {
            role: T::NAME,
            version: role.version(),
            expires,
        });
        match expires > self.now {
            true => Ok(()),
            false => Err(self.wrong(&Wrong::Expired(T::NAME, expires))),
        }
    }

    async fn get(&self, file: &str) -> Result<Vec<u8>, Failure> {
        let found = self.repository.look_for(file).await?;
        found.ok_or_else(|| self.wrong(&Wrong::Missing(file)))
    }

    fn wrong(&self, wrong: &Wrong<'_>) -> Failure {
        self.repository.refuse(wrong)
    }
}

impl File {
    /// The name of the file that has a root of that version.
    pub(crate) fn of_root(version: u64) -> String {
        format!("{version}.root.json")
    }

    /// The version of the root that the file is, if it has the name of one.
    pub(crate) fn root_version(name: &str) -> Option<u64> {
        let version = name.strip_suffix(".root.json")?;
        version.parse().ok()
    }
}

/// A root as a client is given it.
pub(crate) fn read_root(path: &Path) -> Result<Root, Failure> {
    let (root, _) = read_root_file(path)?;
    Ok(root)
}

/// The same, and the file under the name that it has in a repository.
pub(crate) fn read_root_file(path: &Path) -> Result<(Root, File), Failure> {
    let bytes = input::read_file(path)?;
    let root: Signed<Root> =
        Signed::parse(&bytes).map_err(|error| Failure::file("read", path, error))?;
    let name = File::of_root(root.signed.version);
    Ok((root.signed, File { name, bytes }))
}

/// As many as the reference client follows.
const MOST_ROOTS: usize = 256;
