//! Files that nobody but this process may read.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{getegid, geteuid, getgroups};
use zeroize::Zeroizing;

use crate::Error;

/// Who beside its owner can use a file, and how; `None` if nobody can, but for the group of a pod that a cluster mounts it for.
///
/// # Errors
/// What the operating system says of a file that cannot be looked at.
pub fn open_to_others(path: &Path) -> std::io::Result<Option<&'static str>> {
    Ok(File::of(&fs::metadata(path)?).open_to())
}

/// Reads a file of a key, unless others can read or change it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if let Some(who) = File::of(&metadata).open_to() {
        return Err(Error::OpenToOthers {
            path: path.to_owned(),
            mode: metadata.mode() & 0o777,
            who,
        });
    }
    fs::read(path).map_err(failed)
}

/// Reads a file with one line that is a secret; a newline at its end does not count.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut secret = Zeroizing::new(read(path)?);
    while secret
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        secret.pop();
    }
    Ok(secret)
}

/// What decides who can use a file.
struct File {
    mode: u32,
    /// Whether its owner is the superuser, and this process is not.
    is_given_by_root: bool,
    /// Whether this process is in its group.
    is_of_our_group: bool,
}

impl File {
    fn of(metadata: &Metadata) -> Self {
        let group = metadata.gid();
        let groups = getgroups().unwrap_or_default();
        Self {
            mode: metadata.mode(),
            is_given_by_root: metadata.uid() == 0 && !geteuid().is_root(),
            is_of_our_group: getegid().as_raw() == group
                || groups.iter().any(|ours| ours.as_raw() == group),
        }
    }

    /// Who beside the owner can use the file, and how; `None` if nobody can.
    ///
    /// A Secret that a cluster mounts belongs to the superuser, and a group that only the pod is in reads it (mode 0440 by
    /// `fsGroup`). That group is the only way in for a process without privileges, so it is accepted there and nowhere else.
    fn open_to(&self) -> Option<&'static str> {
        let is_mounted = self.is_given_by_root && self.is_of_our_group;
        WHO.into_iter()
            .find(|(bit, _)| self.mode & bit != 0 && !(is_mounted && *bit == GROUP_READS))
            .map(|(_, who)| who)
    }
}

const GROUP_READS: u32 = 0o040;

/// The bits of a mode that let others in, the widest first.
const WHO: [(u32, &str); 6] = [
    (0o002, "everybody can write it"),
    (0o004, "everybody can read it"),
    (0o001, "everybody can execute it"),
    (0o020, "its group can write it"),
    (GROUP_READS, "its group can read it"),
    (0o010, "its group can execute it"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn open_to(mode: u32, is_given_by_root: bool, is_of_our_group: bool) -> Option<&'static str> {
        let file = File {
            mode: 0o100_000 | mode,
            is_given_by_root,
            is_of_our_group,
        };
        file.open_to()
    }

    #[test]
    fn a_file_is_its_owners_alone() {
        for mode in [0o600, 0o400, 0o700] {
            assert_eq!(open_to(mode, false, true), None, "{mode:o}");
        }
        for (bit, who) in WHO {
            assert_eq!(open_to(0o600 | bit, false, true), Some(who));
        }
    }

    #[test]
    fn a_mounted_secret_is_read_through_its_group_and_used_by_nobody_else() {
        assert_eq!(open_to(0o440, true, true), None);
        for (bit, who) in WHO {
            let expected = (bit != GROUP_READS).then_some(who);
            assert_eq!(open_to(0o440 | bit, true, true), expected);
        }
        let reads = Some("its group can read it");
        assert_eq!(open_to(0o440, true, false), reads, "a group of others");
        assert_eq!(open_to(0o440, false, true), reads, "a file of our own");
    }
}
