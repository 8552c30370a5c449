//! What is said of a root that clients could not go on with.

use crate::failure::Failure;

/// A refusal of a root, which is another thing than one of what the targets say.
pub(super) fn refused(why: &str) -> Failure {
    Failure::new(
        "E-CTL-462",
        "the next root is refused, clients of the root before it could not go on with it; it was not published",
        "mend what the cause names and make the root again; the former root stays published",
    )
    .because(why)
}
