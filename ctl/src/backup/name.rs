//! The names of backups that are made into a folder or a bucket, by which old ones are found.

use sigstead_archive::Part;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::instance::Instance;

/// The names of one instance's backups: its name, the beginning of its identifier, the time in UTC.
pub(super) struct Names {
    stem: String,
}

impl Names {
    pub(super) fn of(instance: &Instance) -> Self {
        let id = instance.manifest.id.as_deref().unwrap_or("instance");
        let id = id.get(..ID_LETTERS).unwrap_or(id);
        Self {
            stem: format!("{}-{id}-", instance.manifest.name),
        }
    }

    /// The names of the backups of a part of it.
    pub(super) fn of_part(&self, part: &Part) -> Self {
        let Part { service, replica } = part;
        Self {
            stem: format!("{}{service}-{replica}-", self.stem),
        }
    }

    /// The name of a backup that begins now.
    pub(super) fn at(&self, time: OffsetDateTime) -> String {
        let time = time.to_offset(UtcOffset::UTC).format(TIME);
        format!("{}{}{ENDING}", self.stem, time.unwrap_or_default())
    }

    /// Which backups are too many, beside the one that was just made. That one stays whatever the clock said, and the newest
    /// others, `count` in all. What else has other names is left alone.
    pub(super) fn surplus(&self, made: &str, held: &[String], count: usize) -> Vec<String> {
        let others = held.iter().filter(|name| name.as_str() != made);
        let mut own: Vec<_> = others.filter(|name| self.is_one(name)).cloned().collect();
        // The time has a fixed width.
        own.sort();
        own.truncate(own.len().saturating_sub(count.saturating_sub(1)));
        own
    }

    /// Whether a backup of the instance is called so.
    pub(super) fn is_one(&self, name: &str) -> bool {
        name.starts_with(&self.stem) && read(name).is_some_and(|(stem, _)| stem == self.stem)
    }
}

/// The instance whose backup is called so, as its name begins, and when it began.
pub(super) fn read(name: &str) -> Option<(String, OffsetDateTime)> {
    let (stem, time) = name.strip_suffix(ENDING)?.rsplit_once('-')?;
    let time = PrimitiveDateTime::parse(time, TIME).ok()?;
    let (_, id) = stem.rsplit_once('-')?;
    (!id.is_empty()).then(|| (format!("{stem}-"), time.assume_utc()))
}

/// What such a file is, from outside to inside.
const ENDING: &str = ".tar.age";

/// Of a fixed width, so that names are in the order of their times.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// Enough to tell instances of one name apart in one folder.
const ID_LETTERS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            stem: "demo-0123abcd-".to_owned(),
        }
    }

    #[test]
    fn a_name_says_whose_backup_it_is_and_of_when() {
        let name = names().at(OffsetDateTime::UNIX_EPOCH);
        assert_eq!(name, "demo-0123abcd-19700101T000000Z.tar.age");
        assert!(names().is_one(&name));
        for other in [
            "demo-0123abcd-19700101T000000Z.tar.age.new",
            "demo-0123abcd-19700101T000000Z.age",
            "demo-0123abcd-1970T000000Z.tar.age",
            "demo-0123abcd-before-upgrade.tar.age",
            "demo-0123abcd-1970010xT000000Z.tar.age",
            "demo-ffffffff-19700101T000000Z.tar.age",
            "demo-2-0123abcd-19700101T000000Z.tar.age",
            "",
        ] {
            assert!(!names().is_one(other), "{other}");
        }
    }

    #[test]
    fn only_the_oldest_of_its_own_backups_are_too_many() {
        let own: Vec<_> = (0..4)
            .map(|day| names().at(OffsetDateTime::UNIX_EPOCH + time::Duration::days(day)))
            .collect();
        let others = ["notes.txt", "demo-ffffffff-19700101T000000Z.tar.age"];
        let others = others.into_iter().map(ToOwned::to_owned);
        let held: Vec<_> = own.iter().cloned().chain(others).collect();
        assert_eq!(names().surplus(&own[3], &held, 2), own[..2]);
        assert!(names().surplus(&own[3], &held, 4).is_empty());
        // The clock was ahead before, so that the one just made has the oldest name.
        assert_eq!(names().surplus(&own[0], &own[2..], 2), own[2..3]);
        assert_eq!(names().surplus(&own[3], &held, 1), own[..3]);
    }

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let (instance, began) = read("demo-2-0123abcd-20270103T021500Z.tar.age").unwrap();
        assert_eq!(instance, "demo-2-0123abcd-");
        assert_eq!(began, time::macros::datetime!(2027-01-03 02:15 UTC));
        for other in [
            "notes.txt",
            "a.tar.age",
            "demo-20270103T021500Z.tar.age",
            "demo-1-20271303T021500Z.tar.age",
        ] {
            assert!(read(other).is_none(), "{other}");
        }
    }
}
