//! What a rotation does: its times, and how far it has come.

use serde::{Deserialize, Serialize};
use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use time::OffsetDateTime;

use super::moment::shown;
use crate::failure::Failure;

/// A rotation of a key. `R` is what it says of its role alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan<R> {
    /// The rotations of a role are counted; the files of its key are named by it.
    pub(super) number: u32,
    pub(super) phase: Phase,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) begun: OffsetDateTime,
    /// From when on clients accept signatures of the next key.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) counts_from: OffsetDateTime,
    /// From when on the service signs with it; never before `counts_from`. It is set when the service gets the key.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) signs_from: Option<OffsetDateTime>,
    /// How long clients need to see what is published.
    pub(super) delay: Period,
    /// How long the old key counts after the next one began to sign.
    pub(super) drain: Period,
    /// The version of the metadata by which clients learn of the next key, once it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) announced_in: Option<u64>,
    /// Where the next key is, if not in a file of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next_key_at: Option<KeyConfig>,
    /// Where the second of two next keys is, if they are not in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) second_key_at: Option<KeyConfig>,
    /// The order of the fields is the one of the file, also of those that earlier versions wrote.
    #[serde(flatten)]
    pub(super) role: R,
    /// What was done, and when.
    pub(super) steps: Vec<Step>,
}

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// Nothing is made yet.
    Planned,
    /// The next key and its chain are made.
    Prepared,
    /// A service with the next key was tried against the draft of the trusted root.
    Tried,
    /// Clients are told of the next key.
    Announced,
    /// The service has the next key and signs with it at its time.
    Loaded,
    /// The next key is taken back.
    Undoing,
    /// The old key has an end.
    Retired,
    /// The next key was taken back.
    Undone,
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    pub(super) what: String,
}

impl Phase {
    /// Whether nothing is left to do.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Retired | Self::Undone)
    }
}

impl<R> Plan<R> {
    /// A plan for a key that begins to sign `delay` after `now`.
    pub(super) fn new(
        number: u32,
        now: OffsetDateTime,
        delay: Period,
        drain: Period,
        role: R,
    ) -> Self {
        Self {
            number,
            phase: Phase::Planned,
            begun: now,
            counts_from: now + delay.time(),
            signs_from: None,
            delay,
            drain,
            announced_in: None,
            next_key_at: None,
            second_key_at: None,
            role,
            steps: Vec::new(),
        }
    }

    /// Notes that a step is done, with which a phase begins.
    pub(super) fn enter(&mut self, phase: Phase, what: impl Into<String>, at: OffsetDateTime) {
        self.phase = phase;
        self.steps.push(Step {
            at,
            what: what.into(),
        });
    }

    /// When clients have had their time since the publication, which is the step that was done last.
    pub(super) fn earliest_use(&self) -> OffsetDateTime {
        let announced_at = self.steps.last().map_or(self.begun, |step| step.at);
        self.counts_from.max(announced_at + self.delay.time())
    }

    /// Until when the old key counts, once the next one signs.
    pub(super) fn old_end(&self) -> Option<OffsetDateTime> {
        Some(self.signs_from? + self.drain.time())
    }

    /// The same before that is known, if clients have been told by `told_by`.
    pub(super) fn latest_old_end(&self, told_by: OffsetDateTime) -> OffsetDateTime {
        let later = || self.counts_from.max(told_by + self.delay.time());
        self.signs_from.unwrap_or_else(later) + self.drain.time()
    }

    /// From when on the next key can be taken back no more.
    pub(super) fn no_return(&self) -> Option<OffsetDateTime> {
        Some(self.signs_from? - RETURN)
    }

    /// Refuses to take a key back that signs, or may before it is gone.
    pub(super) fn refuse_late_undo(&self, now: OffsetDateTime) -> Result<(), Failure> {
        match self.no_return() {
            Some(limit) if now >= limit => Err(Failure::new(
                "E-CTL-286",
                format!(
                    "since {} the next key signs, or is about to; it cannot be taken back",
                    shown(limit)
                ),
                "finish this rotation with `resume`, then rotate to another key",
            )),
            _ => Ok(()),
        }
    }
}

/// More than a service takes to let go of a key.
const RETURN: time::Duration = time::Duration::seconds(5);
