//! What monitoring learns of a backup: a file for the textfile collector of Prometheus' node exporter.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use prometheus::{IntGaugeVec, Opts, Registry, TextEncoder};

use super::taken::Taken;
use crate::failure::Failure;

/// Replaces the file. One that is not replaced gets old, which is what a backup that fails has to do.
pub(super) fn write(path: &Path, taken: &Taken) -> Result<(), Failure> {
    let text = text(taken).map_err(|error| Failure::file("write", path, error))?;
    replace(path, &text)
}

/// Replaces a file of the collector.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("write", path, error);
    // The exporter runs as another user.
    let open = |file: &File| file.set_permissions(Permissions::from_mode(MODE));
    sigstead_durable::replace_prepared(path, MODE, open, text.as_bytes())
        .map_err(|error| failed(&error))
}

fn text(taken: &Taken) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    for (name, help, value) in [
        (
            "sigstead_backup_proven_timestamp_seconds",
            "When the last backup began that was proven, in seconds since the epoch.",
            taken.began.unix_timestamp(),
        ),
        (
            "sigstead_backup_size_bytes",
            "How large that backup is.",
            i64::try_from(taken.file_bytes).unwrap_or(i64::MAX),
        ),
        (
            "sigstead_backup_warnings",
            "How many things it found that are to be seen to.",
            i64::try_from(taken.warnings().len()).unwrap_or(i64::MAX),
        ),
    ] {
        // `instance` is Prometheus' own.
        let gauge = IntGaugeVec::new(Opts::new(name, help), &["name"])?;
        gauge.with_label_values(&[&taken.instance]).set(value);
        registry.register(Box::new(gauge))?;
    }
    TextEncoder::new().encode_to_string(&registry.gather())
}

const MODE: u32 = 0o644;
