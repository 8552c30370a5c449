//! The file of a plan, and who may go on with it.
//!
//! `trust/rotations/tsa.json` is the plan that is open. One that is over becomes `trust/rotations/tsa-NUMBER.json`: the
//! record of what was done.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigstead_key::HashAlgorithm;

use super::plan::Plan;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::private;

/// The right to begin a rotation of an instance or to go on with it. One process has it at a time.
pub(super) struct PlanFile<'a> {
    pub(super) instance: &'a Instance,
    _turn: File,
}

/// What is in the file. The digest shows an edit by hand: a plan says what was done, and an edited one says something else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    plan: Plan,
    /// SHA-256 of the plan, hex.
    digest: String,
}

impl<'a> PlanFile<'a> {
    pub(super) fn take(instance: &'a Instance) -> Result<Self, Failure> {
        let folder = instance.path(FOLDER);
        let failed = |error| Failure::file("lock", &folder, error);
        sigstead_durable::create_directory(&folder).map_err(failed)?;
        let turn = File::open(&folder).map_err(failed)?;
        match turn.try_lock() {
            Ok(()) => Ok(Self {
                instance,
                _turn: turn,
            }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => Err(Failure::new(
                "E-CTL-280",
                "another sigctl rotates a key of this instance",
                "wait until it has ended, then look how far it came: sigctl rotate tsa status",
            )),
        }
    }

    /// The plan that is open.
    pub(super) fn open(&self) -> Result<Plan, Failure> {
        let plan = self.read(&self.path())?;
        plan.ok_or_else(nothing_open)
    }

    /// The plan that is open, or else the newest that is over.
    pub(super) fn newest(&self) -> Result<Plan, Failure> {
        if let Some(plan) = self.read(&self.path())? {
            return Ok(plan);
        }
        let last = self.next_number()?.saturating_sub(1);
        self.read(&self.archive(last))?.ok_or_else(nothing_open)
    }

    /// Refuses to begin while a rotation is open.
    pub(super) fn refuse_open(&self) -> Result<(), Failure> {
        match self.read(&self.path())? {
            None => Ok(()),
            Some(_) => Err(Failure::new(
                "E-CTL-283",
                "a rotation of this key is open",
                "look how far it came: sigctl rotate tsa status; then `resume` or `undo` it",
            )),
        }
    }

    /// The number of the next rotation. The key that `init` made is the first.
    pub(super) fn next_number(&self) -> Result<u32, Failure> {
        let folder = self.instance.path(FOLDER);
        let failed = |error| Failure::file("read", &folder, error);
        let mut highest = 1;
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| {
                let number = name.strip_prefix("tsa-")?.strip_suffix(".json")?;
                number.parse().ok()
            });
            highest = highest.max(number.unwrap_or(0));
        }
        Ok(highest + 1)
    }

    /// Writes the plan durably; one that is over is put beside those before it.
    pub(super) fn write(&mut self, plan: &Plan) -> Result<(), Failure> {
        let path = self.path();
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &path, error);
        let sealed = Sealed {
            digest: digest(plan),
            plan: plan.clone(),
        };
        let mut json = serde_json::to_vec_pretty(&sealed).map_err(|error| failed(&error))?;
        json.push(b'\n');
        sigstead_durable::replace(&path, &json).map_err(|error| failed(&error))?;
        if plan.phase.is_over() {
            let archive = self.archive(plan.number);
            sigstead_durable::rename(&path, &archive).map_err(|error| failed(&error))?;
            sigstead_durable::sync_directory(sigstead_durable::parent(&path))
                .map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn read(&self, path: &Path) -> Result<Option<Plan>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes =
            private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error))?;
        let damaged = |cause: &dyn std::fmt::Display| {
            Failure::new(
                "E-CTL-284",
                format!("{} is not as sigctl wrote it", path.display()),
                "bring it back from a copy; a plan is changed by sigctl alone",
            )
            .because(cause)
        };
        let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?;
        if digest(&sealed.plan) != sealed.digest {
            return Err(damaged(&"its digest is of another plan"));
        }
        Ok(Some(sealed.plan))
    }

    fn path(&self) -> PathBuf {
        self.instance.path(FOLDER).join("tsa.json")
    }

    fn archive(&self, number: u32) -> PathBuf {
        self.instance
            .path(FOLDER)
            .join(format!("tsa-{number}.json"))
    }
}

fn digest(plan: &Plan) -> String {
    // A plan is made of numbers, strings and lists; writing it cannot fail.
    let json = serde_json::to_vec(plan).unwrap_or_default();
    hex::encode(HashAlgorithm::Sha256.digest(&json))
}

fn nothing_open() -> Failure {
    Failure::new(
        "E-CTL-285",
        "no rotation of this key is open",
        "begin one: sigctl rotate tsa start",
    )
}

const FOLDER: &str = "trust/rotations";
/// More than a plan with all its steps and the largest chain has.
const LARGEST: u64 = 1 << 20;
