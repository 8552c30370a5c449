//! What a real rotation needs.

use serde::Serialize;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::rotate::rotation::Rotation;
use crate::rotate::soak;

/// Times, and keys that may be kept elsewhere.
#[derive(Serialize)]
pub(super) struct Needs {
    pub(super) soak_seconds: u64,
    pub(super) drain_seconds: u64,
    pub(super) keys: Vec<Key>,
}

#[derive(Serialize)]
pub(super) struct Key {
    pub(super) path: String,
    pub(super) is_here: bool,
}

impl Needs {
    pub(super) fn of<R: Rotation>(instance: &Instance) -> Result<Self, Failure> {
        let drain = soak::DRAIN.max(R::least_drain(instance)?);
        let keys = R::keys().into_iter().map(|path| Key {
            is_here: instance.path(&path).exists(),
            path,
        });
        Ok(Self {
            soak_seconds: R::soak(instance)?.duration().as_secs(),
            drain_seconds: drain.duration().as_secs(),
            keys: keys.collect(),
        })
    }
}
