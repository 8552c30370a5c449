use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod ldap;
mod provider;

pub use ldap::{AddressPolicy, LdapBind, LdapConfig, LdapGroups, LdapPeople};
pub use provider::{AddressClaim, ProviderConfig};

/// Where people sign in whose accounts are elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ConnectorConfig {
    /// A directory that judges passwords, over LDAP (RFC 4511).
    Ldap(LdapConfig),
    /// A provider of identities at which people sign in (OpenID Connect Core 1.0).
    Oidc(ProviderConfig),
}

impl ConnectorConfig {
    /// The connector's name in subjects and in links to accounts.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Ldap(ldap) => &ldap.id,
            Self::Oidc(provider) => &provider.id,
        }
    }

    fn check(&self) -> Result<(), String> {
        let id = self.id();
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=32).contains(&id.len()) || !id.bytes().all(letter) {
            return Err(format!(
                "the connector id {id:?} is not 1 to 32 lower-case letters, digits or hyphens"
            ));
        }
        let checked = match self {
            Self::Ldap(ldap) => ldap.check(),
            Self::Oidc(provider) => provider.check(),
        };
        checked.map_err(|why| format!("connector {id}: {why}"))
    }
}

/// Checks connectors that are to be together.
pub(super) fn check_all(connectors: &[ConnectorConfig]) -> Result<(), String> {
    let mut ids = HashSet::new();
    for connector in connectors {
        connector.check()?;
        if !ids.insert(connector.id()) {
            return Err(format!("two connectors have the id {}", connector.id()));
        }
    }
    Ok(())
}

/// Names as they stand behind the `@`.
fn check_domains(domains: &[String]) -> Result<(), String> {
    let bad = |domain: &&String| domain.is_empty() || domain.contains(['@', ' ', '*']);
    match domains.iter().find(bad) {
        Some(domain) => Err(format!("{domain:?} is no domain")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
