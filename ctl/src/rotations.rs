//! Where the plans of rotations are, and who may change what they change.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use crate::failure::Failure;
use crate::instance::Instance;

/// The right to begin a rotation of an instance, to go on with it, or to do what would cross it. One process has it at a time.
pub(crate) struct Turn(#[expect(dead_code, reason = "the lock lives as long as the file")] File);

impl Turn {
    /// Takes it, for something about `role`.
    pub(crate) fn take(instance: &Instance, role: &str) -> Result<Self, Failure> {
        Self::if_free(instance)?.ok_or_else(|| {
            Failure::new(
                "E-CTL-280",
                "another sigctl rotates a key of this instance",
                format!(
                    "wait until it has ended, then look how far it came: sigctl rotate {role} status"
                ),
            )
        })
    }

    /// Takes it, unless somebody has it.
    pub(crate) fn if_free(instance: &Instance) -> Result<Option<Self>, Failure> {
        let folder = folder(instance);
        let failed = |error| Failure::file("lock", &folder, error);
        sigstead_durable::create_directory(&folder).map_err(failed)?;
        let turn = File::open(&folder).map_err(failed)?;
        match turn.try_lock() {
            Ok(()) => Ok(Some(Self(turn))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => Ok(None),
        }
    }
}

/// The folder of the plans.
pub(crate) fn folder(instance: &Instance) -> PathBuf {
    instance.path("trust/rotations")
}

/// The plan of a role that is open, whether it is there or not.
pub(crate) fn open_plan(instance: &Instance, role: &str) -> PathBuf {
    folder(instance).join(format!("{role}.json"))
}

/// Refuses what a rotation of a role does by itself while one is open.
pub(crate) fn refuse_open(instance: &Instance, role: &str) -> Result<(), Failure> {
    match open_plan(instance, role).exists() {
        false => Ok(()),
        true => Err(Failure::new(
            "E-CTL-350",
            format!("a rotation of {role} is open, which opens and freezes its logs itself"),
            format!(
                "look how far it came: sigctl rotate {role} status; then `resume` or `undo` it"
            ),
        )),
    }
}
