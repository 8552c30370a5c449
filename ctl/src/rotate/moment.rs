//! The times of a rotation.

use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time as the documents and the commands write it.
pub(super) fn shown(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

/// The documents tell times by the second.
pub(super) fn now() -> OffsetDateTime {
    SystemClock.now().truncate_to_second()
}
