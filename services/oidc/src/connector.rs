//! Where people sign in whose accounts are elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use sigstead_config::oidc::ConnectorConfig;

use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::secret::sha256;

mod ldap;

pub(crate) use ldap::Directory;
pub use ldap::DirectoryError;

/// The connectors of the configuration, in its order.
pub(crate) struct Connectors(Vec<Directory>);

/// A place where somebody may say that they have their account, for the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Whom a connector says that somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) origin: Origin,
    /// An address that the connector may speak for, and that is theirs.
    pub(crate) email: EmailAddress,
    pub(crate) groups: BTreeSet<String>,
}

/// An account elsewhere: a name that its connector never gives to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The connector.
    pub connector: String,
    /// Who it is there.
    pub subject: String,
}

impl Connectors {
    /// Opens all of them. None is asked for anything yet: one that does not answer keeps nobody from the others.
    pub(crate) fn open(configs: &[ConnectorConfig]) -> Result<Self, Error> {
        let directories = configs.iter().map(|config| match config {
            ConnectorConfig::Ldap(ldap) => Directory::open(ldap),
        });
        Ok(Self(directories.collect::<Result<_, _>>()?))
    }

    /// The directory that somebody says that they are in.
    pub(crate) fn directory(&self, id: &str) -> Option<&Directory> {
        self.0.iter().find(|directory| directory.id() == id)
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.directory(id).is_some()
    }

    /// Why nobody could sign in at each of them, if so. All are asked at once.
    pub(crate) async fn probe(&self) -> Vec<(Choice, Option<DirectoryError>)> {
        let faults = self.0.iter().map(Directory::probe);
        let faults = join_all(faults).await.into_iter().map(Result::err);
        self.choices().into_iter().zip(faults).collect()
    }

    /// What the sign-in page offers for a password.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let choices = self.0.iter().map(|directory| Choice {
            id: directory.id().to_owned(),
            name: directory.name().to_owned(),
        });
        choices.collect()
    }
}

impl Origin {
    /// The `sub` claim: no other connector's, and no account's, which have no colon.
    pub(crate) fn as_subject(&self) -> String {
        let digest = sha256(self.subject.as_bytes());
        format!("{}:{}", self.connector, hex::encode(digest))
    }

    /// As an administrator writes it: `CONNECTOR=SUBJECT`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (connector, subject) = text.split_once('=')?;
        let fits = !connector.is_empty()
            && (1..=LONGEST_SUBJECT).contains(&subject.len())
            && !subject.chars().any(char::is_control);
        fits.then(|| Self {
            connector: connector.to_owned(),
            subject: subject.to_owned(),
        })
    }
}

/// As [`Origin::parse`] reads it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.connector, self.subject)
    }
}

/// OpenID Connect Core §2 has subjects of 255 letters at most; those of directories are shorter.
pub(crate) const LONGEST_SUBJECT: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_connectors_are_nobody_else_s() {
        let subject = |text| Origin::parse(text).unwrap().as_subject();
        assert_ne!(subject("a=x"), subject("b=x"));
        assert_ne!(subject("a=x"), subject("a=y"));
        // Those of accounts are 32 hexadecimal digits.
        assert!(subject("a=x").contains(':'));
        assert_eq!(Origin::parse("a=x=y").unwrap().subject, "x=y");
        for wrong in [
            "",
            "a",
            "a=",
            "=x",
            "a=x\ny",
            &format!("a={}", "x".repeat(256)),
        ] {
            assert_eq!(Origin::parse(wrong), None, "{wrong}");
        }
    }
}
