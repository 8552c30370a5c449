//! What a backup becomes once it is proven: a file, or an object in a bucket.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::draft::Draft;
use super::name::Names;
use super::place::{Place, length};
use super::shelf;
use super::subject::Subject;
use super::target::Target;
use crate::beside::Beside;
use crate::bucket::{UNFINISHED, Upload};
use crate::failure::Failure;
use crate::interrupt::waiting;

/// A wanted backup.
pub(super) struct Goal {
    place: Place,
    /// The file that is proven: the wanted one, or one that is sent to the bucket then.
    file: PathBuf,
    /// What is only there until the object is.
    _staging: Option<Staging>,
}

/// Where the file is that becomes an object; it goes with the value.
struct Staging {
    _folder: Beside,
    /// Locked, so that no other command takes the upload of this one for what one left that was interrupted.
    _lock: File,
}

impl Goal {
    /// What the backup of a subject becomes at a place; `scratch` has room for what becomes an object.
    pub(super) fn new(place: Place, subject: &Subject, scratch: &Path) -> Result<Self, Failure> {
        let (file, staging) = match &place {
            Place::Local(path) => (path.clone(), None),
            Place::Remote { address, .. } => {
                let locked = lock(&subject.lock())?;
                let folder = Beside::create(&scratch.join(address.name()))?;
                let file = folder.path().join(address.name());
                let staging = Staging {
                    _folder: folder,
                    _lock: locked,
                };
                (file, Some(staging))
            }
        };
        Ok(Self {
            place,
            file,
            _staging: staging,
        })
    }

    /// The file that is made and proven first.
    pub(super) fn local(&self) -> &Path {
        &self.file
    }

    /// As the caller named it.
    pub(super) fn target(&self) -> Target {
        self.place.target()
    }

    /// What it will be in.
    pub(super) fn shelf(&self) -> Place {
        self.place.above()
    }

    /// Sees whether the bucket can be used, and tidies up what backups of this instance left there that were interrupted; gives
    /// what there was.
    pub(super) async fn prepare(&self, names: &Names) -> Result<Vec<Target>, Failure> {
        let Place::Remote { bucket, address } = &self.place else {
            return Ok(Vec::new());
        };
        let mut tidied = Vec::new();
        let shelf = self.shelf();
        for held in shelf::held(&shelf).await? {
            let Some(name) = held.name.strip_suffix(UNFINISHED) else {
                continue;
            };
            let is_ours = names.is_one(name) || name == address.name();
            if is_ours && bucket.tidy(&address.above().below(name).key).await? {
                tidied.push(shelf.below(&held.name).target());
            }
        }
        bucket.refuse_existing(&address.key).await?;
        Ok(tidied)
    }

    /// Makes a proven file what was wanted, and gives its length.
    pub(super) async fn reach(&self, draft: Draft) -> Result<u64, Failure> {
        let Place::Remote { bucket, address } = &self.place else {
            draft.become_wanted()?;
            return length(&self.file);
        };
        let made = draft.place();
        let file = File::open(made).map_err(|error| Failure::file("read", made, error))?;
        let bytes = length(made)?;
        let sending = async {
            let upload = Upload::begin(bucket, &address.key).await?;
            upload.send(&file, bytes).await
        };
        let sent = waiting(sending).await;
        if sent.is_err() {
            // What cannot be tidied up now is the next time; the failure that led here says more than that one would.
            let tidying = bucket.tidy(&address.key);
            let _ = tokio::time::timeout(TIDYING, tidying).await;
        }
        sent.map(|()| bytes)
    }
}

fn lock(path: &Path) -> Result<File, Failure> {
    let failed = |error| Failure::file("lock", path, error);
    let file = File::open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            "E-CTL-213",
            "another sigctl backs this up into a bucket",
            "wait until it has ended",
        )),
    }
}

/// So long a failure is not told.
const TIDYING: Duration = Duration::from_secs(10);
