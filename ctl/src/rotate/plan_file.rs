//! The file of a plan, and who may go on with it.
//!
//! `trust/rotations/ROLE.json` is the plan of a role that is open. One that is over becomes
//! `trust/rotations/ROLE-NUMBER.json`: the record of what was done.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigstead_key::HashAlgorithm;

use super::plan::Plan;
use super::rotation::Rotation;
use crate::failure::Failure;
use crate::format;
use crate::instance::Instance;
use crate::private;
use crate::rotations::{self, Turn};

/// The right to begin a rotation of an instance or to go on with it. One process has it at a time.
pub(super) struct PlanFile<'a> {
    pub(super) instance: &'a Instance,
    _turn: Turn,
}

/// What is in the file. The digest shows an edit by hand: a plan says what was done, and an edited one says something else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<R> {
    /// Absent in plans that were written before there were numbers, which are of the first format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<u32>,
    plan: Plan<R>,
    /// SHA-256 of the plan, hex.
    digest: String,
}

impl<'a> PlanFile<'a> {
    pub(super) fn take<R: Rotation>(instance: &'a Instance) -> Result<Self, Failure> {
        Ok(Self {
            instance,
            _turn: Turn::take(instance, R::ROLE)?,
        })
    }

    /// The plan that is open, if one is. Unless the caller has the turn, somebody may go on with it meanwhile.
    pub(super) fn look<R: Rotation>(instance: &Instance) -> Result<Option<Plan<R>>, Failure> {
        read(&rotations::open_plan(instance, R::ROLE))
    }

    /// The plan that is open.
    pub(super) fn open<R: Rotation>(&self) -> Result<Plan<R>, Failure> {
        let plan = read(&self.path(R::ROLE))?;
        plan.ok_or_else(nothing_open::<R>)
    }

    /// The plan that is open, or else the newest that is over.
    pub(super) fn newest<R: Rotation>(&self) -> Result<Plan<R>, Failure> {
        if let Some(plan) = read(&self.path(R::ROLE))? {
            return Ok(plan);
        }
        let last = self.next_number::<R>()?.saturating_sub(1);
        let last = read(&self.archive(R::ROLE, last))?;
        last.ok_or_else(nothing_open::<R>)
    }

    /// Refuses to begin while a rotation is open of this role, or of one that changes the same.
    pub(super) fn refuse_open<R: Rotation>(&self) -> Result<(), Failure> {
        let mut roles = std::iter::once(&R::ROLE).chain(R::APART_FROM);
        match roles.find(|role| self.path(role).exists()) {
            None => Ok(()),
            Some(role) => Err(Failure::new(
                "E-CTL-283",
                match *role == R::ROLE {
                    true => "a rotation of this key is open".to_owned(),
                    false => format!("a rotation of {role} is open, which changes the same"),
                },
                format!(
                    "look how far it came: sigctl rotate {role} status; then `resume` or `undo` it"
                ),
            )),
        }
    }

    /// The number of the next rotation. The key that `init` made is the first.
    pub(super) fn next_number<R: Rotation>(&self) -> Result<u32, Failure> {
        let folder = rotations::folder(self.instance);
        let failed = |error| Failure::file("read", &folder, error);
        let mut highest = 1;
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| {
                let number = name.strip_prefix(R::ROLE)?.strip_prefix('-')?;
                number.strip_suffix(".json")?.parse().ok()
            });
            highest = highest.max(number.unwrap_or(0));
        }
        Ok(highest + 1)
    }

    /// Writes the plan durably; one that is over is put beside those before it.
    pub(super) fn write<R: Rotation>(&mut self, plan: &Plan<R>) -> Result<(), Failure> {
        let path = self.path(R::ROLE);
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &path, error);
        let json = sealed(plan, Some(format::FIRST)).map_err(|error| failed(&error))?;
        sigstead_durable::replace(&path, &json).map_err(|error| failed(&error))?;
        if plan.phase.is_over() {
            let archive = self.archive(R::ROLE, plan.number);
            sigstead_durable::rename(&path, &archive).map_err(|error| failed(&error))?;
            sigstead_durable::sync_directory(sigstead_durable::parent(&path))
                .map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn path(&self, role: &str) -> PathBuf {
        rotations::open_plan(self.instance, role)
    }

    fn archive(&self, role: &str, number: u32) -> PathBuf {
        rotations::folder(self.instance).join(format!("{role}-{number}.json"))
    }
}

fn read<R: Rotation>(path: &Path) -> Result<Option<Plan<R>>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error))?;
    let damaged = |cause: &dyn std::fmt::Display| {
        Failure::new(
            "E-CTL-284",
            format!("{} is not as sigctl wrote it", path.display()),
            "bring it back from a copy; a plan is changed by sigctl alone",
        )
        .because(cause)
    };
    format::refuse_newer(path, &bytes)?;
    opened(&bytes).map(Some).map_err(|cause| damaged(&cause))
}

fn sealed<R: Rotation>(plan: &Plan<R>, format: Option<u32>) -> serde_json::Result<Vec<u8>> {
    let digest = HashAlgorithm::Sha256.digest(&serde_json::to_vec(plan)?);
    let sealed = Sealed {
        format,
        plan: plan.clone(),
        digest: hex::encode(digest),
    };
    let mut json = serde_json::to_vec_pretty(&sealed)?;
    json.push(b'\n');
    Ok(json)
}

/// The plan in a file, which must be the one that this program would write for it, to the byte.
fn opened<R: Rotation>(bytes: &[u8]) -> Result<Plan<R>, String> {
    let read: Sealed<R> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match sealed(&read.plan, read.format) {
        Ok(written) if written == bytes => Ok(read.plan),
        Ok(_) => Err("its digest is of another plan".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn nothing_open<R: Rotation>() -> Failure {
    Failure::new(
        "E-CTL-285",
        "no rotation of this key is open",
        format!("begin one: sigctl rotate {} start", R::ROLE),
    )
}

/// More than a plan with all its steps and the largest chain has.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::super::authority::Chains;
    use super::super::tsa::Tsa;
    use super::*;

    /// As the first version with rotations wrote it.
    const WRITTEN: &str = include_str!("plan_of_tsa.json");

    #[test]
    fn a_plan_that_an_earlier_version_wrote_is_opened() {
        let plan: Plan<Chains<Tsa>> = opened(WRITTEN.as_bytes()).unwrap();
        assert_eq!(plan.number, 2);
        assert_eq!(plan.phase, super::super::plan::Phase::Loaded);
        assert_eq!(sealed(&plan, None).unwrap(), WRITTEN.as_bytes());
        // From the next step on it has the number of its format.
        let numbered = sealed(&plan, Some(format::FIRST)).unwrap();
        assert!(numbered.starts_with(b"{\n  \"format\": 1,\n"));
        assert_eq!(opened::<Chains<Tsa>>(&numbered).unwrap(), plan);
    }

    #[test]
    fn a_plan_that_was_edited_is_refused() {
        for (from, to) in [
            ("\"number\": 2", "\"number\": 3"),
            ("\"number\": 2", "\"number\": 2, \"more\": 1"),
            ("\"drain\": \"1h\",", ""),
            ("MAE=", "MAI="),
            ("\n}\n", "\n}\n\n"),
        ] {
            let edited = WRITTEN.replacen(from, to, 1);
            assert_ne!(edited, WRITTEN);
            assert!(opened::<Chains<Tsa>>(edited.as_bytes()).is_err(), "{to}");
        }
    }
}
