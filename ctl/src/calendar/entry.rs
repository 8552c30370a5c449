use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};

use crate::inventory::{Item, Renewal};
use crate::output::one_line;

/// One thing that somebody has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    /// The day on which to begin, as in `2027-02-01`.
    pub(super) date: Date,
    /// What it is about.
    pub(super) subject: String,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) ends: OffsetDateTime,
    /// A command, or words.
    pub(super) how: String,
}

/// What there is to do from `now` until `until`, by its days.
pub(super) fn entries(items: &[Item], now: OffsetDateTime, until: OffsetDateTime) -> Vec<Entry> {
    let mut entries: Vec<_> = items
        .iter()
        .filter_map(|item| entry(item, now))
        .filter(|entry| entry.date <= until.date())
        .collect();
    entries.sort_by(|one, other| (one.date, &one.subject).cmp(&(other.date, &other.subject)));
    entries
}

fn entry(item: &Item, now: OffsetDateTime) -> Option<Entry> {
    let Renewal::Person { how } = &item.renewal else {
        return None;
    };
    let ends = item.ends?;
    Some(Entry {
        date: (ends - AHEAD).max(now).date(),
        subject: item.subject.clone(),
        ends,
        how: how.clone(),
    })
}

impl Entry {
    pub(super) fn is_due(&self, now: OffsetDateTime) -> bool {
        self.date <= now.date()
    }

    pub(super) fn line(&self) -> String {
        one_line(&format!(
            "{}  {}, ends {}: {}",
            self.date,
            self.subject,
            self.ends.date(),
            self.how
        ))
    }
}

/// As long before as `sigctl doctor` warns: a rotation takes a soak of days, and people have holidays.
const AHEAD: Duration = Duration::days(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Kind, State};

    fn item(subject: &str, ends_in_days: Option<i64>, renewal: Renewal) -> Item {
        Item {
            subject: subject.to_owned(),
            kind: Kind::Certificate,
            state: State::Active,
            place: None,
            algorithm: None,
            key: None,
            first_use: None,
            ends: ends_in_days.map(|days| now() + Duration::days(days)),
            successor: None,
            renewal,
        }
    }

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    #[test]
    fn says_what_somebody_has_to_do_within_the_time_asked_for() {
        let person = || Renewal::person("do it");
        let items = [
            item("late", Some(300), person()),
            item("early", Some(100), person()),
            item("past", Some(-3), person()),
            item("never", None, person()),
            item("by itself", Some(7), Renewal::Itself),
            item("has its successor", Some(7), Renewal::Nobody),
        ];
        let until = now() + Duration::days(200);
        let entries = entries(&items, now(), until);
        let told: Vec<_> = entries
            .iter()
            .map(|entry| {
                (
                    entry.subject.as_str(),
                    (entry.date - now().date()).whole_days(),
                )
            })
            .collect();
        assert_eq!(told, [("past", 0), ("early", 40)]);
        assert!(entries[0].is_due(now()) && !entries[1].is_due(now()));
    }
}
