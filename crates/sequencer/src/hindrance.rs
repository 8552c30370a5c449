use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// Why one part of the log cannot go on until something outside of it changes. The log says so, and that it has passed,
/// without being asked for an entry.
#[derive(Default)]
pub(crate) struct Hindrance(Mutex<Option<Arc<str>>>);

impl Hindrance {
    pub(crate) fn set(&self, log: &str, reason: String) {
        let before = lock(&self.0).replace(reason.as_str().into());
        if before.is_none() {
            tracing::warn!(log, reason, "the log is hindered");
        }
    }

    pub(crate) fn clear(&self, log: &str) {
        if let Some(reason) = lock(&self.0).take() {
            tracing::info!(log, %reason, "the log is hindered no more");
        }
    }

    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        lock(&self.0).clone()
    }
}
