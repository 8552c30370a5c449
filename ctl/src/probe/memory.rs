//! What a prober remembers from one round to the next, in a file of its own: without it no log could be seen to go back.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigstead_merkle::{LeafHash, RootHash, TreeHead};

use crate::failure::Failure;
use crate::private;
use crate::walk::Met;

/// The memory of a prober.
pub(super) struct Memory {
    file: PathBuf,
    content: Content,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// The version of each role of the TUF repository.
    roles: BTreeMap<String, u64>,
    /// Each log by the SHA-256 of its key.
    logs: BTreeMap<String, Known>,
}

/// What is known of a log.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    origin: String,
    size: u64,
    root: String,
    /// The first entry that this prober made in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entry: Option<Made>,
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Made {
    pub(super) index: u64,
    pub(super) leaf: String,
}

impl Memory {
    /// Reads the file; one that is not there is that of a prober without a past.
    pub(super) fn open(file: &Path) -> Result<Self, Failure> {
        let content = match private::read(file, LARGEST) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| damaged(file, &error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Content::default(),
            Err(error) => return Err(damaged(file, &error)),
        };
        Ok(Self {
            file: file.to_owned(),
            content,
        })
    }

    /// Refuses roles that are older than they were.
    pub(super) fn check_roles(&self, roles: &[Met]) -> Result<(), Failure> {
        for met in roles {
            let known = self.content.roles.get(met.role).copied();
            if let Some(known) = known.filter(|known| *known > met.version) {
                return Err(Failure::new(
                    "E-CTL-403",
                    format!(
                        "the {} metadata went back from version {known} to {}",
                        met.role, met.version
                    ),
                    "find out who serves an older copy of the repository: clients that have seen the newer one refuse it",
                ));
            }
        }
        Ok(())
    }

    /// Remembers what the roles are now.
    pub(super) fn keep_roles(&mut self, roles: &[Met]) {
        let versions = roles.iter().map(|met| (met.role.to_owned(), met.version));
        self.content.roles.extend(versions);
    }

    /// The newest head of a log that was as it should be; `log` is the SHA-256 of its key.
    pub(super) fn head(&self, log: &str) -> Option<TreeHead> {
        let known = self.content.logs.get(log)?;
        let root = hex::decode(&known.root).ok()?;
        Some(TreeHead {
            size: known.size,
            root: RootHash::try_from(root.as_slice()).ok()?,
        })
    }

    pub(super) fn keep_head(&mut self, log: &str, origin: &str, head: TreeHead) {
        let entry = self.entry(log);
        let known = Known {
            origin: origin.to_owned(),
            size: head.size,
            root: head.root.to_string(),
            entry,
        };
        self.content.logs.insert(log.to_owned(), known);
    }

    /// The first entry that was made in a log.
    pub(super) fn entry(&self, log: &str) -> Option<Made> {
        self.content.logs.get(log)?.entry.clone()
    }

    /// Remembers an entry of a log, unless there is one already.
    pub(super) fn keep_entry(&mut self, log: &str, index: u64, leaf: LeafHash) {
        if let Some(known) = self.content.logs.get_mut(log) {
            known.entry.get_or_insert_with(|| Made {
                index,
                leaf: leaf.to_string(),
            });
        }
    }

    /// Writes the file, as a whole.
    pub(super) fn save(&self) -> Result<(), Failure> {
        // A struct of strings and numbers is always written.
        let json = serde_json::to_vec_pretty(&self.content).unwrap_or_default();
        private::create_folders(sigstead_durable::parent(&self.file))?;
        sigstead_durable::replace(&self.file, &json)
            .map_err(|error| Failure::file("write", &self.file, error))
    }
}

fn damaged(file: &Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-406",
        format!("{} is not the memory of a prober", file.display()),
        "bring it back, or move it away: without it a prober compares with nothing that was before",
    )
    .because(cause)
}

/// A log has a few hundred bytes.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn met(role: &'static str, version: u64) -> Met {
        Met {
            role,
            version,
            expires: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_was_saved_is_known_to_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/probe.json");
        let mut memory = Memory::open(&file).unwrap();
        assert_eq!(memory.head("log"), None);
        let head = TreeHead::empty();
        memory.keep_head("log", "origin", head);
        memory.keep_entry("log", 7, LeafHash::of(b"first"));
        memory.keep_entry("log", 8, LeafHash::of(b"second"));
        memory.keep_head("log", "origin", head);
        memory.keep_roles(&[met("root", 3)]);
        memory.save().unwrap();
        let again = Memory::open(&file).unwrap();
        assert_eq!(again.content, memory.content);
        assert_eq!(again.head("log"), Some(head));
        assert_eq!(again.entry("log").map(|made| made.index), Some(7));
    }

    #[test]
    fn roles_that_go_back_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(&folder.path().join("probe.json")).unwrap();
        memory.keep_roles(&[met("root", 3), met("timestamp", 9)]);
        for (role, version, is_taken) in [
            ("root", 3, true),
            ("timestamp", 10, true),
            ("timestamp", 8, false),
            ("snapshot", 1, true),
        ] {
            let checked = memory.check_roles(&[met(role, version)]);
            let code = checked.err().map(|failure| failure.code().to_owned());
            let expected = (!is_taken).then(|| "E-CTL-403".to_owned());
            assert_eq!(code, expected, "{role} {version}");
        }
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("probe.json");
        for content in ["", "{}", "[]", r#"{"roles":{},"logs":{},"x":1}"#] {
            std::fs::write(&file, content).unwrap();
            let failure = Memory::open(&file).err().unwrap();
            assert_eq!(failure.code(), "E-CTL-406", "{content}");
        }
    }
}
