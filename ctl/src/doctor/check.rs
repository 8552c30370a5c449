//! What a check of an instance is.

use super::answers::Answers;
use super::finding::Seen;
use super::patient::Patient;
use super::table;

/// What checks are about, and these checks.
pub(super) type Subject = table::Subject<Look>;

/// One thing that is looked at.
pub(super) type Check = table::Check<Look>;

/// How a check looks. It takes nothing but what was read or answered before, or reads files itself: what talks has come to
/// its end when the first check begins.
#[derive(Clone, Copy)]
pub(super) enum Look {
    /// At the instance's files and at the machine.
    Files(fn(&Patient) -> Seen),
    /// At what the services answered as well.
    Services(fn(&Patient, &Answers) -> Seen),
}
