//! The names of backups that are made into a folder, by which old ones are found.

use std::fs;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::macros::format_description;

use crate::failure::Failure;
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

    /// The name of a backup that begins now.
    pub(super) fn at(&self, time: OffsetDateTime) -> String {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let time = time.to_offset(time::UtcOffset::UTC).format(format);
        format!("{}{}{ENDING}", self.stem, time.unwrap_or_default())
    }

    /// Removes backups from the folder of the one that was just made, and gives what was removed. That one stays whatever the
    /// clock said, and the newest others, `count` in all. Other files are left alone.
    pub(super) fn keep(&self, made: &Path, count: usize) -> Result<Vec<PathBuf>, Failure> {
        let folder = sigstead_durable::parent(made);
        let failed = |error| Failure::file("read", folder, error);
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let is_made = path.file_name() == made.file_name();
            if !is_made && name.is_some_and(|name| self.is_one(name)) {
                found.push(path);
            }
        }
        // The time has a fixed width.
        found.sort();
        found.truncate(found.len().saturating_sub(count.saturating_sub(1)));
        for path in &found {
            let removed = sigstead_durable::remove(path);
            removed.map_err(|error| Failure::file("remove", path, error))?;
        }
        Ok(found)
    }

    fn is_one(&self, name: &str) -> bool {
        let time = name.strip_prefix(self.stem.as_str());
        let time = time.and_then(|rest| rest.strip_suffix(ENDING));
        time.is_some_and(|time| {
            let digits = |at: usize, byte: u8| match at {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            };
            time.len() == 16 && time.bytes().enumerate().all(|(at, byte)| digits(at, byte))
        })
    }
}

/// What such a file is, from outside to inside.
const ENDING: &str = ".tar.age";

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
    fn only_the_oldest_of_its_own_backups_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let own: Vec<_> = (0..4)
            .map(|day| names().at(OffsetDateTime::UNIX_EPOCH + time::Duration::days(day)))
            .collect();
        let others = ["notes.txt", "demo-ffffffff-19700101T000000Z.tar.age"];
        for name in own.iter().map(String::as_str).chain(others) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let made = folder.path().join(&own[3]);
        let removed = names().keep(&made, 2).unwrap();
        let expected: Vec<_> = own[..2]
            .iter()
            .map(|name| folder.path().join(name))
            .collect();
        assert_eq!(removed, expected);
        assert!(names().keep(&made, 2).unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
        // The clock was ahead before, so that the one just made has the oldest name.
        let made = folder.path().join(&own[0]);
        fs::write(&made, "").unwrap();
        assert_eq!(
            names().keep(&made, 2).unwrap(),
            [folder.path().join(&own[2])]
        );
        assert!(made.exists() && folder.path().join(&own[3]).exists());
    }
}
