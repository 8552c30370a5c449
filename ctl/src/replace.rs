//! Replaces files of services, which may run as another user.

use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

/// Writes a file in one step. Whose it is and who may read it stays; a new one belongs to whom its folder belongs.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = std::fs::metadata(path).ok();
    let folder = std::fs::metadata(path.parent().unwrap_or(path))?;
    sigstead_durable::replace(path, bytes)?;
    let owner = before.as_ref().unwrap_or(&folder);
    let after = std::fs::metadata(path)?;
    if (after.uid(), after.gid()) != (owner.uid(), owner.gid()) {
        chown(path, Some(owner.uid()), Some(owner.gid()))?;
    }
    match before {
        Some(before) => std::fs::set_permissions(path, before.permissions()),
        None => Ok(()),
    }
}
