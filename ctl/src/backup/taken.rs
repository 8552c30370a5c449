//! What is told of a backup that was made.

use serde::Serialize;
use time::OffsetDateTime;

use super::print::{self, log_line};
use super::prove::ProvenLog;
use super::target::Target;

/// A backup that was made and proven.
#[derive(Serialize)]
pub(crate) struct Taken {
    /// Where it is.
    pub(crate) file: Target,
    pub(super) instance: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) began: OffsetDateTime,
    pub(super) took_millis: u64,
    pub(super) file_bytes: u64,
    pub(super) files: usize,
    pub(super) content_bytes: u64,
    pub(super) logs: Vec<ProvenLog>,
    /// What the instance uses and the backup has not.
    pub(super) outside: Vec<String>,
    /// Older backups.
    pub(super) removed: Vec<Target>,
    /// What interrupted backups had left in the bucket.
    pub(super) tidied: Vec<Target>,
}

impl Taken {
    /// What there is to be seen to, each in a line.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let outside = self.outside.iter();
        let mut all: Vec<_> = outside
            .map(|path| format!("not in the backup: {path}"))
            .collect();
        if self.logs.iter().any(ProvenLog::is_refused) {
            all.push(
                "a log is older than its anchor; older backups are kept, they may have more of it"
                    .to_owned(),
            );
        }
        all
    }

    pub(crate) fn text(&self) -> String {
        let mut lines = vec![format!(
            "backed {} up to {}: {} files, {} in {}",
            self.instance,
            self.file,
            self.files,
            print::size(self.content_bytes),
            print::span(self.took_millis)
        )];
        lines.extend(self.logs.iter().map(log_line));
        let warnings = self.warnings().into_iter();
        lines.extend(warnings.map(|what| format!("  warn  {what}")));
        let tidied = self.tidied.iter();
        lines.extend(tidied.map(|path| format!("  tidied up after an interrupted backup: {path}")));
        let removed = self.removed.iter();
        lines.extend(removed.map(|path| format!("  removed {path}")));
        lines.join("\n")
    }
}
