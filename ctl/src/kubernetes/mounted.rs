use std::path::{Path, PathBuf};

/// Where the chart mounts a file: under its own name, in the folder of its kind.
pub(super) fn place(folder: &str, path: &Path) -> PathBuf {
    Path::new(folder).join(path.file_name().unwrap_or_default())
}

/// Where the chart mounts the Secret of a service.
pub(super) const KEYS: &str = "/etc/sigstead/keys";

/// The name of the passphrase in every Secret.
pub(super) const PASSPHRASE: &str = "passphrase";
