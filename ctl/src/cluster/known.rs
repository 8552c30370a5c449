use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::instance::Instance;

/// What objects of the release were when this copy of the instance wrote them last. What is otherwise was written by somebody
/// else, who may know of keys that this copy does not have.
///
/// What is about to be written is known before it is: a command that is interrupted in between finds either.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    pub(crate) fn read(instance: &Instance) -> Result<Self, Failure> {
        let path = instance.path(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Failure::file("understand", &path, error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::file("read", &path, error)),
        }
    }

    /// Whether an object is as it was left.
    pub(crate) fn has(&self, object: &str, content: &BTreeMap<String, Vec<u8>>) -> bool {
        let known = self.0.get(object);
        known.is_some_and(|known| known.contains(&digest(content)))
    }

    /// Knows these contents of an object and no others; durable before it returns.
    pub(crate) fn know<'a>(
        &mut self,
        instance: &Instance,
        object: &str,
        contents: impl IntoIterator<Item = &'a BTreeMap<String, Vec<u8>>>,
    ) -> Result<(), Failure> {
        let digests = contents.into_iter().map(digest).collect();
        self.0.insert(object.to_owned(), digests);
        let path = instance.path(FILE);
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &path, error);
        let json = serde_json::to_vec_pretty(self).map_err(|error| failed(&error))?;
        sigstead_durable::replace(&path, &json).map_err(|error| failed(&error))
    }
}

fn digest(content: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in content {
        for part in [name.as_bytes(), bytes] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
    }
    hex::encode(hash.finalize())
}

const FILE: &str = "trust/cluster.json";
