//! Where people sign in whose accounts are elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use futures::future::{join, join_all};
use serde::{Deserialize, Serialize};
use sigstead_config::IssuerUrl;
use sigstead_config::oidc::ConnectorConfig;
use sigstead_kit::causes;

use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::secret::sha256;

pub(crate) mod ldap;
pub(crate) mod provider;

pub(crate) use ldap::Directory;
pub use ldap::DirectoryError;
pub use provider::ProviderError;
pub(crate) use provider::{Expected, Provider, Sent, shown};

/// The connectors of the configuration, each kind in its order.
pub(crate) struct Connectors {
    directories: Vec<Directory>,
    providers: Vec<Provider>,
}

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

/// A connector that was asked whether people could sign in there now.
pub(crate) struct Probed {
    pub(crate) choice: Choice,
    pub(crate) kind: &'static str,
    /// Why nobody could.
    pub(crate) fault: Option<String>,
}

impl Connectors {
    /// Opens all of them. None is asked for anything yet: one that does not answer keeps nobody from the others. People
    /// come back from providers to `own`.
    pub(crate) fn open(configs: &[ConnectorConfig], own: &IssuerUrl) -> Result<Self, Error> {
        let (mut directories, mut providers) = (Vec::new(), Vec::new());
        for config in configs {
            match config {
                ConnectorConfig::Ldap(ldap) => directories.push(Directory::open(ldap)?),
                ConnectorConfig::Oidc(oidc) => providers.push(Provider::open(oidc, own)?),
            }
        }
        Ok(Self {
            directories,
            providers,
        })
    }

    /// The directory that somebody says that they are in.
    pub(crate) fn directory(&self, id: &str) -> Option<&Directory> {
        self.directories.iter().find(|each| each.id() == id)
    }

    /// The provider that somebody signs in at.
    pub(crate) fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|each| each.id() == id)
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.directory(id).is_some() || self.provider(id).is_some()
    }

    /// Asks all of them at once.
    pub(crate) async fn probe(&self) -> Vec<Probed> {
        let directories = self.directories.iter().map(async |each| {
            let fault = each.probe().await.err();
            Probed {
                choice: each.choice(),
                kind: "ldap",
                fault: fault.map(|fault| causes(&fault)),
            }
        });
        let providers = self.providers.iter().map(async |each| {
            let fault = each.probe().await.err();
            Probed {
                choice: each.choice(),
                kind: "oidc",
                fault: fault.map(|fault| causes(&fault)),
            }
        });
        let (mut probed, providers) = join(join_all(directories), join_all(providers)).await;
        probed.extend(providers);
        probed
    }

    /// What the sign-in page offers for a password.
    pub(crate) fn directories(&self) -> Vec<Choice> {
        self.directories.iter().map(Directory::choice).collect()
    }

    /// Where else the sign-in page sends people.
    pub(crate) fn providers(&self) -> Vec<Choice> {
        self.providers.iter().map(Provider::choice).collect()
    }
}

/// Whether a connector may speak for an address: for any, if it has no domains.
fn speaks_for(domains: &[String], email: &EmailAddress) -> bool {
    let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
    let is_theirs = |allowed: &String| domain.is_some_and(|d| d.eq_ignore_ascii_case(allowed));
    domains.is_empty() || domains.iter().any(is_theirs)
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
        Self::of(connector, subject).filter(|_| !connector.is_empty())
    }

    /// Somebody whom a connector knows, unless by a name that nobody could have.
    pub(crate) fn of(connector: &str, subject: &str) -> Option<Self> {
        let fits = (1..=LONGEST_SUBJECT).contains(&subject.len())
            && !subject.chars().any(char::is_control);
        fits.then(|| Self {
            connector: connector.to_owned(),
            subject: subject.to_owned(),
        })
    }
}

/// As `Origin::parse` reads it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.connector, self.subject)
    }
}

/// OpenID Connect Core §2 has subjects of 255 letters at most; those of directories are shorter.
const LONGEST_SUBJECT: usize = 255;

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
