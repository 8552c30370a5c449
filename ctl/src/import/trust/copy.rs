//! A repository that grew by batches.

use std::path::{Path, PathBuf};

use sigstead_trust_root::tuf::{Role as _, RoleKeys, Root, Signed, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;

use crate::copies::unusable;
use crate::failure::Failure;
use crate::trust_batch::Import;
use crate::walk::{File, Met, Repository, Walk, Wrong, read_root, read_root_file};

/// What earlier batches left, or nothing but the root that the first one is believed by.
pub(super) struct Copy {
    place: PathBuf,
    root: Root,
    root_file: File,
    /// The metadata that clients see, and what it says.
    files: Vec<File>,
    met: Vec<Met>,
    last: Option<Import>,
}

impl Copy {
    /// Reads the copy in a folder. `given` names the root that the first batch is believed by.
    pub(super) async fn open(place: &Path, given: Option<&Path>) -> Result<Self, Failure> {
        let given = given.map(read_root_file).transpose()?;
        let stored = stored_root(place)?;
        if let (Some(_), Some(given)) = (&stored, &given) {
            expect_in(place, given)?;
        }
        let root = stored.or(given);
        let (root, root_file) = root.ok_or_else(|| no_root(place))?;
        let mut walk = Walk::of(Repository::Folder(place), OffsetDateTime::UNIX_EPOCH);
        if place.join(TIMESTAMP).exists() {
            let walked = walk.targets(&root).await;
            walked.map_err(|failure| unusable(place, failure.whole()))?;
        }
        Ok(Self {
            place: place.to_owned(),
            root,
            root_file,
            files: walk.files,
            met: walk.met,
            last: Import::read(place)?,
        })
    }

    /// The newest root of the copy.
    pub(super) const fn root(&self) -> &Root {
        &self.root
    }

    /// That root, as a file.
    pub(super) const fn root_file(&self) -> &File {
        &self.root_file
    }

    /// The version of a role that clients see; 0 if they see none.
    pub(super) fn version_of(&self, role: &str) -> u64 {
        let met = self.met.iter().find(|met| met.role == role);
        met.map_or(0, |met| met.version)
    }

    /// A clock that was set back takes for good what has ended.
    pub(super) fn expect_time(&self, now: OffsetDateTime) -> Result<(), Failure> {
        match &self.last {
            Some(last) if last.imported > now => Err(Failure::new(
                "E-AIR-015",
                format!("the clock of this machine is at {now}, before the last import"),
                "set the clock; if it was ahead at that import, import into a new folder",
            )
            .because(format!(
                "{} was imported at {}",
                self.place.display(),
                last.imported
            ))),
            _ => Ok(()),
        }
    }

    /// The roots that a batch and the copy have are the same, and the copy has none that the batch has not.
    pub(super) async fn expect_same_roots(
        &self,
        batch: Repository<'_>,
        last: u64,
    ) -> Result<(), Failure> {
        let name = File::of_root(self.root.version);
        if last < self.root.version {
            return Err(older(
                &format!("root {last}"),
                &format!("root {}", self.root.version),
            ));
        }
        let Some(shown) = batch.look_for(&name).await? else {
            return Err(batch.refuse(&Wrong::Missing(&name)));
        };
        let parsed: Signed<Root> = Signed::parse(&shown)
            .map_err(|error| batch.refuse(&Wrong::Changed(&name, Some(error))))?;
        if shown == self.root_file.bytes {
            return Ok(());
        }
        match parsed.verify(&self.root) {
            _ if parsed.signed == self.root => Err(batch.refuse(&Wrong::Changed(&name, None))),
            Ok(()) => Err(self.two_contents(&File { name, bytes: shown })),
            Err(_) => Err(foreign(&name, &self.place)),
        }
    }

    /// No version goes back, and none has two contents. Of a role whose keys the new root replaced nothing is compared (TUF
    /// specification §5.3.11): who had the old keys could have signed the largest version that there is.
    pub(super) fn expect_newer(&self, walk: &Walk<'_>, root: &Root) -> Result<(), Failure> {
        for role in [Timestamp::NAME, Snapshot::NAME, Targets::NAME] {
            if keys(&self.root, role) != keys(root, role) {
                continue;
            }
            let (stored, found) = (self.version_of(role), walk.version_of(role));
            if found < stored {
                return Err(older(
                    &format!("{role} {found}"),
                    &format!("{role} {stored}"),
                ));
            }
            let is_of_role = |file: &&File| file.name.ends_with(&format!("{role}.json"));
            let theirs = walk.files.iter().find(is_of_role);
            let ours = self.files.iter().find(is_of_role);
            if let (Some(theirs), Some(ours)) = (theirs, ours)
                && found == stored
                && signed_part(theirs) != signed_part(ours)
            {
                return Err(self.two_contents(theirs));
            }
        }
        Ok(())
    }

    /// Writes the files that are new, in this order, and gives how many they were.
    pub(super) fn add(&self, files: &[&File]) -> Result<usize, Failure> {
        let mut added = 0;
        for file in files {
            let place = self.place.join(&file.name);
            added += usize::from(replace(&place, &file.bytes)?);
        }
        Ok(added)
    }

    /// Lays the files of the targets out by the names that people use, and the newest root.
    pub(super) fn lay_out(&self, files: &[(&str, &[u8])]) -> Result<(), Failure> {
        files.iter().try_for_each(|(name, bytes)| {
            replace(&self.place.join(KIT).join(name), bytes)?;
            Ok(())
        })
    }

    /// Remembers when something new was taken: files, or the knowledge that later there was nothing new.
    pub(super) fn record(
        &self,
        imported: OffsetDateTime,
        exported: Option<OffsetDateTime>,
        is_new: bool,
    ) -> Result<(), Failure> {
        let this = Import { imported, exported };
        let last = self.last.as_ref().map(Import::knows_until);
        let is_later = exported.is_some() && last.is_some_and(|last| this.knows_until() > last);
        match is_new || is_later {
            true => this.write(&self.place),
            false => Ok(()),
        }
    }

    /// Keeps what was shown beside what is stored, and says where.
    fn two_contents(&self, shown: &File) -> Failure {
        let place = self.place.join("two-contents").join(&shown.name);
        let kept = match replace(&place, &shown.bytes) {
            Ok(_) => format!("the other one is in {}", place.display()),
            Err(failure) => format!("the other one could not be kept: {}", failure.whole()),
        };
        Failure::new(
            "E-AIR-009",
            format!("{} is signed with another content than that of the copy", shown.name),
            "trust nothing newer of this instance: show both files to its operator and to whoever else relies on it",
        )
        .because(kept)
    }
}

/// A copy that is there already has the root that somebody named, or it is of another instance.
fn expect_in(place: &Path, (root, file): &(Root, File)) -> Result<(), Failure> {
    let same = read_root(&place.join(&file.name));
    match same.is_ok_and(|same| same == *root) {
        true => Ok(()),
        false => Err(foreign(&file.name, place)),
    }
}

/// The newest root that earlier batches left. Each was proven before it was written.
fn stored_root(place: &Path) -> Result<Option<(Root, File)>, Failure> {
    let entries = match std::fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(place, error)),
    };
    let mut newest = None;
    for entry in entries {
        let name = entry.map_err(|error| unusable(place, error))?.file_name();
        newest = newest.max(name.to_str().and_then(File::root_version));
    }
    let Some(version) = newest else {
        return Ok(None);
    };
    let path = place.join(File::of_root(version));
    let stored = read_root_file(&path).map_err(|failure| unusable(place, failure.whole()))?;
    Ok(Some(stored))
}

/// What keys sign of a file.
fn signed_part(file: &File) -> Option<serde_json::Value> {
    let mut metadata: serde_json::Value = serde_json::from_slice(&file.bytes).ok()?;
    metadata.get_mut("signed").map(serde_json::Value::take)
}

fn keys<'a>(root: &'a Root, role: &str) -> Option<&'a RoleKeys> {
    root.roles.get(role)
}

/// Replaces a file durably, and says whether it was another one.
fn replace(place: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    if std::fs::read(place).is_ok_and(|stored| stored == bytes) {
        return Ok(false);
    }
    let failed = |error| Failure::file("write", place, error);
    sigstead_durable::create_directory(sigstead_durable::parent(place)).map_err(failed)?;
    sigstead_durable::replace(place, bytes).map_err(failed)?;
    Ok(true)
}

fn older(found: &str, stored: &str) -> Failure {
    Failure::new(
        "E-AIR-010",
        format!("the batch is older than the copy: it has {found}, and the copy has {stored}"),
        "bring the newest batch; nothing is to be done if this one came late",
    )
}

fn foreign(name: &str, place: &Path) -> Failure {
    Failure::new(
        "E-AIR-017",
        format!("{name} is another root than the one of {}", place.display()),
        "name the copy of the instance that the batch is from, or a new folder",
    )
}

fn no_root(place: &Path) -> Failure {
    Failure::new(
        "E-AIR-016",
        format!(
            "there is no copy in {} yet, and no root to believe the first batch by",
            place.display()
        ),
        "name the root of the instance, which came by another way and was compared: --root root.json",
    )
}

const TIMESTAMP: &str = "timestamp.json";
const KIT: &str = "kit";
