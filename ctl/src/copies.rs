//! Copies of what others publish, which `sigctl import` makes and `sigctl verify` reads.

use std::path::Path;

use crate::failure::Failure;

/// A copy is not what was written there, or cannot be read.
pub(crate) fn unusable(folder: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::new(
        "E-AIR-006",
        format!("the copy in {} cannot be used", folder.display()),
        "if its disk is well, import into a new folder from the first batch on",
    )
    .because(cause)
}
