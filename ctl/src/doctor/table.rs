//! Checks as data: what each is about, how bad what it finds is, and how it looks.

use super::finding::Severity;

/// What checks are about, and these checks.
pub(crate) struct Subject<L: 'static> {
    /// Its name.
    pub(crate) name: &'static str,
    /// In the order in which they are told.
    pub(crate) checks: &'static [Check<L>],
}

/// One thing that is looked at.
pub(crate) struct Check<L> {
    /// The stable name of what it finds; `docs/codes.md` explains it.
    pub(crate) code: &'static str,
    /// How bad it is if something is found.
    pub(crate) severity: Severity,
    /// What is so if nothing is found.
    pub(crate) well: &'static str,
    /// How it looks.
    pub(crate) look: L,
}

impl<L: Copy> Check<L> {
    pub(crate) const fn fault(code: &'static str, well: &'static str, look: L) -> Self {
        Self {
            code,
            severity: Severity::Fault,
            well,
            look,
        }
    }

    pub(crate) const fn warning(code: &'static str, well: &'static str, look: L) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            well,
            look,
        }
    }
}
