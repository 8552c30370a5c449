//! TUF metadata: the four roles, their keys, signatures and file names (TUF specification §4).

mod digest;
mod key;
mod role;
mod signed;

pub use self::key::{TufKey, TufKeyId};
pub use role::{
    FileMeta, Hashes, Role, RoleKeys, Root, Snapshot, SnapshotMeta, TargetMeta, Targets, Timestamp,
};
pub use signed::{Signature, Signed};

/// The path of a target in a repository with consistent snapshots: its hash stands before its name.
#[must_use]
pub fn target_path(name: &str, bytes: &[u8]) -> String {
    format!("targets/{}.{name}", digest::sha256_hex(bytes))
}
