//! Keys of which a command needs the file, because it copies it or has it beside others.

use std::path::Path;

use sigstead_signer::KeyConfig;

use crate::failure::Failure;

/// The file of a key.
pub(crate) fn path(key: &KeyConfig) -> Result<&Path, Failure> {
    key.path().ok_or_else(|| {
        Failure::new(
            "E-KEY-020",
            format!("{key} is not in a file, and this command works with key files alone"),
            "docs/keys.md says what is done by hand for such a key",
        )
    })
}
