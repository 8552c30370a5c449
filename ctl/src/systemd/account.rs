//! Whom an instance belongs to, and so as whom its services run.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// User and group of an instance.
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Refuses root, whose services could write what the units forbid.
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let directory = instance.directory();
        let account = Self::of_path(directory)?;
        if account.uid != 0 {
            return Ok(account);
        }
        let mut all = vec![directory.display().to_string()];
        let anchors = instance.manifest.anchors.iter();
        all.extend(anchors.map(|anchors| anchors.display().to_string()));
        Err(Failure::new(
            "E-CTL-251",
            format!(
                "{} belongs to root, and its services would run as root",
                directory.display()
            ),
            format!(
                "give it to a user of its own: useradd --system sigstead; chown -R sigstead: {}",
                all.join(" ")
            ),
        )
        .exit(Exit::Refused))
    }

    /// Refuses what another user than that of the instance has to write.
    pub(super) fn check(&self, path: &Path) -> Result<(), Failure> {
        if Self::of_path(path)?.uid == self.uid {
            return Ok(());
        }
        let (shown, user) = (path.display(), self.user());
        Err(Failure::new(
            "E-CTL-255",
            format!("{shown} does not belong to {user}, to whom the instance belongs"),
            format!("give it to that user: chown -R {user}: {shown}"),
        ))
    }

    /// The user's name, or else the number.
    pub(super) fn user(&self) -> String {
        name(Path::new("/etc/passwd"), self.uid)
    }

    /// The group's name, or else the number.
    pub(super) fn group(&self) -> String {
        name(Path::new("/etc/group"), self.gid)
    }

    fn of_path(path: &Path) -> Result<Self, Failure> {
        let found = fs::metadata(path).map_err(|error| Failure::file("look at", path, error))?;
        Ok(Self {
            uid: found.uid(),
            gid: found.gid(),
        })
    }
}

/// The name of a number in `/etc/passwd` or `/etc/group`. One that comes from elsewhere stays a number, which names it too.
fn name(list: &Path, id: u32) -> String {
    let id = id.to_string();
    let lines = fs::read_to_string(list).unwrap_or_default();
    let names = lines.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    let mut plain = names.filter(|name| is_plain(name));
    plain.next().unwrap_or(id)
}

/// What systemd takes as the name of a user in any mode.
fn is_plain(name: &str) -> bool {
    let may_follow = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(may_follow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_name_if_the_list_knows_one_that_units_can_hold() {
        let list = tempfile::NamedTempFile::new().unwrap();
        let text = "root:x:0:0::/root:/bin/sh\nsigstead:x:991:990::/:/x\na b:x:5:5:::\nbroken\n";
        fs::write(list.path(), text).unwrap();
        for (id, expected) in [(991, "sigstead"), (0, "root"), (990, "990"), (5, "5")] {
            assert_eq!(name(list.path(), id), expected);
        }
        assert_eq!(name(Path::new("/nowhere"), 7), "7");
    }
}
