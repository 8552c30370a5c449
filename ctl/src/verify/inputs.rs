//! What a verification was decided by: where each input came from, and how old it is.

use std::path::Path;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Something that a verification was decided by.
#[derive(Serialize)]
pub(super) struct Input {
    kind: &'static str,
    place: String,
    /// When it was brought here: imported, or written to this disk.
    #[serde(with = "time::serde::rfc3339::option")]
    here_since: Option<OffsetDateTime>,
    /// Until when it knows what happened outside; of an input that was not carried, nothing is known.
    #[serde(with = "time::serde::rfc3339::option")]
    knows_until: Option<OffsetDateTime>,
    /// How many entries a copy of a log has.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
}

impl Input {
    /// A file, as old as its last change on this disk.
    pub(super) fn file(kind: &'static str, path: &Path) -> Self {
        let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified());
        Self {
            kind,
            place: path.display().to_string(),
            here_since: changed.ok().map(OffsetDateTime::from),
            knows_until: None,
            entries: None,
        }
    }

    /// The same of something that knows until when it is up to date.
    pub(super) fn known(mut self, here_since: OffsetDateTime, knows_until: OffsetDateTime) -> Self {
        self.here_since = Some(here_since);
        self.knows_until = Some(knows_until);
        self
    }

    /// The same of a copy with so many entries.
    pub(super) const fn with_entries(mut self, entries: u64) -> Self {
        self.entries = Some(entries);
        self
    }

    /// Whether it is a copy, which is as old as the last batch.
    pub(super) const fn is_carried(&self) -> bool {
        self.knows_until.is_some() || self.entries.is_some()
    }

    /// A line for people, with its age at `now`.
    pub(super) fn text(&self, now: OffsetDateTime) -> String {
        let mut text = format!("by {} {}", self.kind, self.place);
        if let Some(entries) = self.entries {
            text.push_str(&format!(", {entries} entries"));
        }
        if let Some(since) = self.here_since {
            let days = (now - since).whole_days();
            text.push_str(&format!(", here since {} ({days} days)", written(since)));
        }
        if let Some(until) = self.knows_until {
            text.push_str(&format!(", knows what was until {}", written(until)));
        }
        text
    }
}

fn written(time: OffsetDateTime) -> String {
    // Years beyond 9999 have no such form, and no clock has them.
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
