use std::collections::BTreeSet;

use ldap3::SearchEntry;
use sigstead_config::oidc::{AddressPolicy, LdapConfig, LdapPeople};

use crate::connector::{Identity, Origin, speaks_for};
use crate::email_address::EmailAddress;
use crate::error::Error;

/// A person's entry.
#[derive(Debug)]
pub(super) struct Entry(pub(super) SearchEntry);

impl Entry {
    /// The distinguished name.
    pub(super) fn name(&self) -> &str {
        &self.0.dn
    }

    /// Whom the entry says that somebody is. The log has what is wrong with the entry, for the operator.
    pub(super) fn identity(
        &self,
        config: &LdapConfig,
        login: &str,
        groups: BTreeSet<String>,
    ) -> Result<Identity, Error> {
        let unfit = |reason: &'static str| {
            tracing::warn!(
                connector = config.id,
                entry = self.name(),
                "a person with the right password cannot sign in: {reason}"
            );
            Error::IdentityUnfit { reason }
        };
        let subject = self.subject(&config.people.subject).map_err(unfit)?;
        let origin = Origin::of(&config.id, &subject).ok_or_else(|| {
            unfit("the subject of their entry is empty, too long or has control characters")
        })?;
        let email = self.address(config, login).map_err(unfit)?;
        Ok(Identity {
            origin,
            email,
            groups,
        })
    }

    /// Some directories name entries by bytes.
    fn subject(&self, attribute: &str) -> Result<String, &'static str> {
        let texts: Vec<_> = texts(&self.0, attribute).collect();
        let subject = match (texts.as_slice(), self.bytes(attribute)) {
            ([text], None) => (*text).clone(),
            ([], Some([bytes])) => hex::encode(bytes),
            ([], None) => return Err("their entry has no attribute for the subject"),
            _ => return Err("their entry has several values of the attribute for the subject"),
        };
        Ok(subject)
    }

    fn address(&self, config: &LdapConfig, login: &str) -> Result<EmailAddress, &'static str> {
        self.check_policy(&config.people)?;
        let values: BTreeSet<_> = texts(&self.0, &config.people.email)
            .map(|value| value.trim().to_ascii_lowercase())
            .collect();
        let typed = login.to_ascii_lowercase();
        let address = match values.first() {
            None => return Err("their entry has no e-mail address"),
            Some(_) if values.contains(&typed) => &typed,
            Some(only) if values.len() == 1 => only,
            Some(_) => {
                return Err(
                    "their entry has several e-mail addresses, and they signed in with none of them",
                );
            }
        };
        let address = EmailAddress::parse(address)
            .map_err(|_| "the e-mail address of their entry is none that a certificate can have")?;
        if speaks_for(&config.domains, &address) {
            Ok(address)
        } else {
            Err(
                "the e-mail address of their entry is of a domain that the directory may not speak for",
            )
        }
    }

    fn check_policy(&self, people: &LdapPeople) -> Result<(), &'static str> {
        match (people.verified, &people.verified_attribute) {
            (AddressPolicy::Administrators, _) => Ok(()),
            (AddressPolicy::Attribute, Some(attribute))
                if texts(&self.0, attribute).eq(["TRUE"]) =>
            {
                Ok(())
            }
            (AddressPolicy::Attribute, _) => Err("their e-mail address is not verified"),
        }
    }

    fn bytes(&self, attribute: &str) -> Option<&[Vec<u8>]> {
        let mut attributes = self.0.bin_attrs.iter();
        attributes
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute))
            .map(|(_, values)| values.as_slice())
    }
}

/// The attributes that are read of people.
pub(super) fn attributes(people: &LdapPeople) -> Vec<&str> {
    let read = [people.subject.as_str(), people.email.as_str()];
    let verified = people.verified_attribute.as_deref();
    read.into_iter().chain(verified).collect()
}

/// The values of an attribute that are text. Names of attributes have no case.
pub(super) fn texts<'a>(
    entry: &'a SearchEntry,
    attribute: &'a str,
) -> impl Iterator<Item = &'a String> {
    let attributes = entry.attrs.iter();
    attributes
        .filter(move |(name, _)| name.eq_ignore_ascii_case(attribute))
        .flat_map(|(_, values)| values)
}

/// Whether tokens can name a group.
pub(super) fn is_a_group(name: &str) -> bool {
    (1..=128).contains(&name.len()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
