//! When published metadata expires, and what is said of it before and after.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A role of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleName {
    /// Names the keys of all roles. Signed by the operator.
    Root,
    /// Names the files. Signed by the operator.
    Targets,
    /// Names the targets. Signed by this service.
    Snapshot,
    /// Names the snapshot. Signed by this service.
    Timestamp,
}

impl RoleName {
    /// In the order in which each names the next, backwards.
    pub(crate) const ALL: [Self; 4] = [Self::Root, Self::Targets, Self::Snapshot, Self::Timestamp];

    /// As metadata, metrics and `/readyz` spell it.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Root | Self::Targets => "sign it again: sigctl trust publish DIR",
            Self::Snapshot | Self::Timestamp => {
                "this service signs it again by itself, and its log says why it has not"
            }
        }
    }
}

/// The published metadata of one role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RoleState {
    /// Its version.
    pub(crate) version: u64,
    /// When clients stop to accept it, in Unix seconds.
    pub(crate) expires: i64,
}

impl RoleState {
    /// Why clients refuse the metadata, if they do.
    pub(crate) fn expired(self, role: RoleName, now: OffsetDateTime) -> Option<String> {
        (self.seconds_left(now) <= 0).then(|| {
            format!(
                "the {} metadata expired at {} and clients refuse it; {}",
                role.name(),
                self.expires_text(),
                role.remedy()
            )
        })
    }

    /// That clients will soon refuse the metadata. What the operator signs is told `NOTICE` before; what this service signs
    /// is told when it should have been signed again long ago.
    pub(crate) fn expires_soon(
        self,
        role: RoleName,
        now: OffsetDateTime,
        resign_before: Duration,
    ) -> Option<String> {
        let notice = match role {
            RoleName::Root | RoleName::Targets => NOTICE,
            RoleName::Snapshot | RoleName::Timestamp => resign_before / 2,
        };
        let left = self.seconds_left(now);
        let is_soon = left > 0 && left <= seconds(notice);
        is_soon.then(|| {
            format!(
                "the {} metadata expires at {}, {}; {}",
                role.name(),
                self.expires_text(),
                time_left(left),
                role.remedy()
            )
        })
    }

    /// Seconds until clients stop to accept the metadata.
    pub(crate) fn seconds_left(self, now: OffsetDateTime) -> i64 {
        self.expires.saturating_sub(now.unix_timestamp())
    }

    fn expires_text(self) -> String {
        let expires = OffsetDateTime::from_unix_timestamp(self.expires).ok();
        let text = expires.and_then(|expires| expires.format(&Rfc3339).ok());
        text.unwrap_or_else(|| format!("{} seconds of Unix time", self.expires))
    }
}

/// Lets something be said once a day.
#[derive(Debug, Default)]
pub(crate) struct OnceADay {
    last: Option<OffsetDateTime>,
}

impl OnceADay {
    /// Whether a day has passed since this last answered yes.
    pub(crate) fn is_due(&mut self, now: OffsetDateTime) -> bool {
        let is_due = self.last.is_none_or(|last| now - last >= DAY || now < last);
        if is_due {
            self.last = Some(now);
        }
        is_due
    }
}

/// A period in whole seconds, as times are compared here.
pub(crate) fn seconds(period: Duration) -> i64 {
    i64::try_from(period.as_secs()).unwrap_or(i64::MAX)
}

fn time_left(seconds: i64) -> String {
    match seconds / 86_400 {
        0 => format!("in {} hours", seconds / 3600),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

/// Two months: the holders of offline keys have to be found and brought together.
const NOTICE: Duration = Duration::from_secs(60 * 86_400);

const DAY: time::Duration = time::Duration::days(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::days(days)
    }

    #[test]
    fn what_the_operator_signs_is_told_two_months_before_and_from_then_on() {
        let state = RoleState {
            version: 1,
            expires: 365 * 86_400,
        };
        for role in [RoleName::Root, RoleName::Targets] {
            for (days, soon, expired) in [
                (0, false, false),
                (304, false, false),
                (305, true, false),
                (364, true, false),
                (365, false, true),
                (366, false, true),
            ] {
                let told = state.expires_soon(role, day(days), Duration::ZERO);
                assert_eq!(told.is_some(), soon, "{role:?} on day {days}");
                let told = state.expired(role, day(days));
                assert_eq!(told.is_some(), expired, "{role:?} on day {days}");
            }
        }
    }

    #[test]
    fn what_this_service_signs_is_told_when_it_is_late() {
        let state = RoleState {
            version: 1,
            expires: 7 * 86_400,
        };
        for (days, soon) in [(4, false), (5, false), (6, true)] {
            let two_days = Duration::from_secs(2 * 86_400);
            let told = state.expires_soon(RoleName::Timestamp, day(days), two_days);
            assert_eq!(told.is_some(), soon, "day {days}");
        }
    }

    #[test]
    fn a_sentence_says_when_and_what_to_do() {
        let state = RoleState {
            version: 1,
            expires: 10 * 86_400,
        };
        for (now, left) in [(day(8), "in 2 days"), (day(9), "in 1 day")] {
            assert_eq!(
                state
                    .expires_soon(RoleName::Root, now, Duration::ZERO)
                    .unwrap(),
                format!(
                    "the root metadata expires at 1970-01-11T00:00:00Z, {left}; \
                     sign it again: sigctl trust publish DIR"
                )
            );
        }
    }

    #[test]
    fn once_a_day_is_once_a_day_also_when_the_clock_goes_back() {
        let mut reminder = OnceADay::default();
        let answers = [10, 10, 11, 11, 5, 5, 6].map(|days| reminder.is_due(day(days)));
        assert_eq!(answers, [true, false, true, false, true, false, true]);
    }
}
