//! Clocks of machines that have no network.

use time::{Duration, OffsetDateTime};

use crate::error::Error;

/// Checks that `now` is behind `latest`, the newest time on the medium, and not behind `until`.
pub(crate) fn check_clock(
    now: OffsetDateTime,
    latest: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<(), Error> {
    if now + TOLERANCE < latest {
        return Err(Error::Clock { now, latest });
    }
    match now > until {
        true => Err(Error::TooLate { until }),
        false => Ok(()),
    }
}

/// By how much they may differ. A draft is signed within days.
pub(crate) const TOLERANCE: Duration = Duration::hours(1);
