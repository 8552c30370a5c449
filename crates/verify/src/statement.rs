//! in-toto statements: what an attestation says about which artifacts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use sigstead_key::HashAlgorithm;
use sigstead_protojson::{Unknown, plain};

use crate::artifact::Digests;
use crate::check::Check;
use crate::failure::{Failing as _, Failure};

/// A statement (in-toto Statement v1 §Schema).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The version of the statement.
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What it is about.
    #[serde(rename = "subject")]
    pub subjects: Vec<Subject>,
    /// What kind of thing it says.
    #[serde(default)]
    pub predicate_type: String,
    /// What it says.
    #[serde(default)]
    pub predicate: serde_json::Value,
}

/// An artifact that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// Its name; means something to the producer only.
    #[serde(default)]
    pub name: String,
    /// Its digests in hex, by the name of the hash function.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
}

impl Statement {
    /// Reads the payload of an envelope.
    pub(crate) fn read(payload_type: &str, payload: &[u8]) -> Result<Self, Failure> {
        if payload_type != IN_TOTO {
            let found = format!("{payload_type:?}");
            return Err(Failure::unlike(
                Check::Statement,
                format!("{IN_TOTO:?}"),
                found,
            ));
        }
        let statement: Self =
            plain::from_slice(payload, Unknown::Ignore).failing(Check::Statement)?;
        // Another type may mean something else by its subjects.
        if !STATEMENT_TYPES.contains(&statement.statement_type.as_str()) {
            return Err(Failure::unlike(
                Check::Statement,
                format!("a statement of type {}", STATEMENT_TYPES.join(" or ")),
                format!("{:?}", statement.statement_type),
            ));
        }
        if statement.subjects.len() > MAX_SUBJECTS {
            return Err(Failure::unlike(
                Check::Statement,
                format!("at most {MAX_SUBJECTS} subjects"),
                statement.subjects.len(),
            ));
        }
        Ok(statement)
    }

    /// The hash functions with which subjects are compared.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = HashAlgorithm> {
        let is_named = |(name, _): &(&str, HashAlgorithm)| {
            self.subjects
                .iter()
                .any(|subject| subject.digest.contains_key(*name))
        };
        COMPARED
            .into_iter()
            .filter(is_named)
            .map(|(_, algorithm)| algorithm)
    }

    /// The subject that is the artifact.
    pub(crate) fn subject(&self, artifact: &Digests) -> Result<&Subject, Failure> {
        let known: Vec<_> = COMPARED
            .into_iter()
            .filter_map(|(name, algorithm)| Some((name, hex::encode(artifact.get(algorithm)?))))
            .collect();
        let found = self.subjects.iter().find(|subject| subject.is(&known));
        found.ok_or_else(|| {
            let expected =
                known
                    .iter()
                    .fold("a subject with".to_owned(), |mut text, (name, hex)| {
                        let _ = write!(text, " {name}:{hex}");
                        text
                    });
            Failure::unlike(Check::Statement, expected, self.list())
        })
    }

    /// The subjects, as far as a person reads them.
    fn list(&self) -> String {
        let names: Vec<_> = self
            .subjects
            .iter()
            .take(3)
            .map(|subject| {
                let digest = subject.digest.iter().next();
                let digest = digest.map(|(name, hex)| format!(" {name}:{hex}"));
                format!("{:?}{}", subject.name, digest.unwrap_or_default())
            })
            .collect();
        match self.subjects.len().saturating_sub(names.len()) {
            0 if names.is_empty() => "no subjects".to_owned(),
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

impl Subject {
    /// Every digest that can be compared must be the artifact's, and at least one can.
    fn is(&self, known: &[(&str, String)]) -> bool {
        let mut compared = known.iter().filter_map(|(name, digest)| {
            Some(self.digest.get(*name)?.eq_ignore_ascii_case(digest))
        });
        compared
            .next()
            .is_some_and(|first| first && compared.all(|each| each))
    }
}

/// Digests of other hash functions are not compared.
const COMPARED: [(&str, HashAlgorithm); 3] = [
    ("sha256", HashAlgorithm::Sha256),
    ("sha384", HashAlgorithm::Sha384),
    ("sha512", HashAlgorithm::Sha512),
];
const IN_TOTO: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v0.1",
    "https://in-toto.io/Statement/v1",
];
/// What the official clients read; each costs a comparison.
const MAX_SUBJECTS: usize = 1024;
