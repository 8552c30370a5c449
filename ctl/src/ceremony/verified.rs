//! What `sigctl ceremony verify` says of a ceremony that holds, whatever was signed in it.

use serde::Serialize;
use sigstead_ceremony::{Digest, Statement};
use time::OffsetDateTime;

use crate::output::one_line;

#[derive(Serialize)]
pub(super) struct Verified {
    changes: Vec<String>,
    words: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize)]
struct Signature {
    name: String,
    key: String,
    #[serde(with = "time::serde::rfc3339")]
    signed_at: OffsetDateTime,
}

impl Verified {
    pub(super) fn new<'a, K: std::fmt::Display + 'a>(
        changes: Vec<String>,
        digest: &Digest,
        statements: impl Iterator<Item = &'a Statement<K>>,
    ) -> Self {
        let signatures = statements.map(|statement| Signature {
            name: statement.name.to_string(),
            key: statement.key.to_string(),
            signed_at: statement.signed_at,
        });
        Self {
            changes,
            words: digest.words(),
            signatures: signatures.collect(),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut lines: Vec<_> = self.changes.iter().map(|it| one_line(it)).collect();
        lines.extend(self.signatures.iter().map(|it| {
            let key = it.key.get(..8).unwrap_or_default();
            format!("signed by {} with key {key} at {}", it.name, it.signed_at)
        }));
        lines.push(format!("digest in words: {}", self.words));
        lines.push("every proof, signature and rule holds".to_owned());
        lines.join("\n")
    }
}
