use std::path::{Path, PathBuf};

use sigstead_signer::KeyConfig;

use crate::failure::Failure;
use crate::key_files;

/// A key as its pod finds it.
pub(super) fn mounted_key(key: &KeyConfig) -> Result<KeyConfig, Failure> {
    let path = place(KEYS, key_files::path(key)?);
    let passphrase = place(KEYS, Path::new(PASSPHRASE));
    Ok(KeyConfig::file(path, Some(passphrase)))
}

/// Where the chart mounts a file: under its own name, in the folder of its kind.
pub(super) fn place(folder: &str, path: &Path) -> PathBuf {
    Path::new(folder).join(path.file_name().unwrap_or_default())
}

/// Where the chart mounts the Secret of a service.
pub(super) const KEYS: &str = "/etc/sigstead/keys";

/// Where the chart mounts the data of a service.
pub(super) const DATA: &str = "/var/lib/sigstead";

/// Where the chart mounts the anchors of its logs.
pub(super) const ANCHORS: &str = "/var/lib/sigstead-anchor";

/// The name of the passphrase in every Secret.
pub(super) const PASSPHRASE: &str = "passphrase";
