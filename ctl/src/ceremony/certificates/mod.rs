//! Certificates that the key of a root signs, whose machine has no network: the verbs of a medium that has a draft of them.

pub(super) mod draft;
pub(super) mod finish;
pub(super) mod make_root;
mod medium;
mod rehearsal;
pub(super) mod review;
pub(super) mod sign;
pub(super) mod verify;

pub(super) use medium::{are_on, is_transcript};
