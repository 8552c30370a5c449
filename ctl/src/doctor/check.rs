//! What a check is.

use super::answers::Answers;
use super::finding::{Seen, Severity};
use super::patient::Patient;

/// What checks are about, and these checks.
pub(super) struct Subject {
    /// Its name.
    pub(super) name: &'static str,
    /// In the order in which they are told.
    pub(super) checks: &'static [Check],
}

/// One thing that is looked at.
pub(super) struct Check {
    /// The stable name of what it finds; `docs/codes.md` explains it.
    pub(super) code: &'static str,
    /// How bad it is if something is found.
    pub(super) severity: Severity,
    /// What is so if nothing is found.
    pub(super) well: &'static str,
    /// How it looks.
    pub(super) look: Look,
}

/// How a check looks. It takes nothing but what was read or answered before, or reads files itself: what talks has come to
/// its end when the first check begins.
#[derive(Clone, Copy)]
pub(super) enum Look {
    /// At the instance's files and at the machine.
    Files(fn(&Patient) -> Seen),
    /// At what the services answered as well.
    Services(fn(&Patient, &Answers) -> Seen),
}

impl Check {
    pub(super) const fn fault(code: &'static str, well: &'static str, look: Look) -> Self {
        Self {
            code,
            severity: Severity::Fault,
            well,
            look,
        }
    }

    pub(super) const fn warning(code: &'static str, well: &'static str, look: Look) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            well,
            look,
        }
    }
}
