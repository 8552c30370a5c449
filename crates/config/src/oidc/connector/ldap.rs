use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::Period;
use url::{Host, Url};

use super::check_domains;
use crate::oidc::{between, is_a_line};

/// A directory that judges passwords, over LDAP (RFC 4511).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapConfig {
    /// The connector's name in subjects and in links to accounts: letters, digits and hyphens. After a change everybody
    /// is somebody else.
    pub id: String,
    /// What the sign-in page calls the directory.
    pub name: String,
    /// `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`.
    pub url: String,
    /// Whether an `ldap` connection is encrypted by `StartTLS` before anything is said on it. Default no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub start_tls: bool,
    /// Whether passwords may travel unencrypted to another host. Default no: whoever is between could read all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
    /// PEM file with the only authorities that may certify the directory. Default: those of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Whom the issuer searches as. Default: nobody (an anonymous bind).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<LdapBind>,
    /// How a person is found.
    pub people: LdapPeople,
    /// How their groups are found. Default: nobody has groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<LdapGroups>,
    /// The domains whose e-mail addresses the directory may speak for. Default: all, which lets whoever can write an
    /// address into the directory sign as anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Longest time for one sign-in, of the connection, the searches and the bind together. Default `5s`.
    #[serde(default = "default_timeout")]
    pub timeout: Period,
}

/// Whom the issuer searches as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapBind {
    /// The distinguished name. It needs to search people and groups, and nothing more.
    pub dn: String,
    /// The file with its password, on one line. It is read at each sign-in.
    pub password_file: PathBuf,
}

/// How a person is found, and what is read of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapPeople {
    /// The entry below which people are.
    pub base: String,
    /// The filter (RFC 4515) that finds one person, with `{login}` where what the person typed stands, as in
    /// `(&(objectClass=inetOrgPerson)(mail={login}))`. It is escaped.
    pub filter: String,
    /// The attribute that never changes and is never given to another: the person's subject comes of it. Default
    /// `entryUUID`.
    #[serde(default = "default_subject")]
    pub subject: String,
    /// The attribute with the e-mail address, which is the name in certificates. Default `mail`.
    #[serde(default = "default_email")]
    pub email: String,
    /// Why an address may be believed.
    pub verified: AddressPolicy,
    /// With `verified: attribute`, the attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_attribute: Option<String>,
}

/// Why an e-mail address of a directory may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressPolicy {
    /// Addresses are written by administrators alone, who know whose they are. People must not be able to change their own.
    Administrators,
    /// An attribute of the entry is `TRUE`, which people cannot write themselves.
    Attribute,
}

/// How the groups of a person are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapGroups {
    /// The entry below which groups are.
    pub base: String,
    /// The filter that finds the groups of one person, with `{dn}` where the name of their entry stands, or `{login}`, as in
    /// `(&(objectClass=groupOfNames)(member={dn}))`. Both are escaped.
    pub filter: String,
    /// The attribute with the name of a group. Default `cn`.
    #[serde(default = "default_group_name")]
    pub name: String,
}

impl LdapConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if !is_a_line(&self.name) {
            return Err("its name is not one line of 1 to 200 letters".to_owned());
        }
        self.check_url()?;
        self.people.check()?;
        if let Some(groups) = &self.groups {
            groups.check()?;
        }
        if self
            .bind
            .as_ref()
            .is_some_and(|bind| bind.dn.trim().is_empty())
        {
            return Err("dn of bind is empty; leave bind out to search as nobody".to_owned());
        }
        check_domains(&self.domains)?;
        between("timeout", self.timeout, Period::from_seconds(8))
    }

    fn check_url(&self) -> Result<(), String> {
        let url = Url::parse(&self.url).map_err(|error| format!("url: {error}"))?;
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        let bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        if !["ldap", "ldaps"].contains(&scheme) || host.is_empty() || !bare {
            return Err("url is not ldaps://HOST[:PORT] or ldap://HOST[:PORT]".to_owned());
        }
        match (scheme, self.start_tls) {
            ("ldaps", true) => Err("start_tls is for ldap; ldaps is encrypted already".to_owned()),
            ("ldap", false) if !self.plain && !stays_here(&url) => Err(
                "passwords would travel unencrypted; write ldaps, start_tls: true, or plain: true"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }
}

impl LdapPeople {
    fn check(&self) -> Result<(), String> {
        if !self.filter.contains("{login}") {
            return Err("filter of people has no {login}, and would find anybody".to_owned());
        }
        for (field, attribute) in [("subject", &self.subject), ("email", &self.email)] {
            is_an_attribute(field, attribute)?;
        }
        match (self.verified, &self.verified_attribute) {
            (AddressPolicy::Attribute, Some(attribute)) => {
                is_an_attribute("verified_attribute", attribute)
            }
            (AddressPolicy::Attribute, None) => {
                Err("verified is attribute; name it in verified_attribute".to_owned())
            }
            (AddressPolicy::Administrators, Some(_)) => {
                Err("verified_attribute is for verified: attribute".to_owned())
            }
            (AddressPolicy::Administrators, None) => Ok(()),
        }
    }
}

impl LdapGroups {
    fn check(&self) -> Result<(), String> {
        if !self.filter.contains("{dn}") && !self.filter.contains("{login}") {
            return Err(
                "filter of groups has neither {dn} nor {login}; everybody would be in all of them"
                    .to_owned(),
            );
        }
        is_an_attribute("name", &self.name)
    }
}

/// RFC 4512 §2.5, without options.
fn is_an_attribute(field: &str, name: &str) -> Result<(), String> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if (1..=128).contains(&name.len()) && name.bytes().all(letter) {
        Ok(())
    } else {
        Err(format!("{field} is {name:?}, which is no attribute"))
    }
}

/// Whether a connection leaves this host.
fn stays_here(url: &Url) -> bool {
    // Hosts of schemes that the URL standard does not know are domains, also where they are addresses.
    let host = url.host_str().unwrap_or_default();
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Err(_) => false,
    }
}

fn default_timeout() -> Period {
    Period::from_seconds(5)
}

fn default_subject() -> String {
    "entryUUID".to_owned()
}

fn default_email() -> String {
    "mail".to_owned()
}

fn default_group_name() -> String {
    "cn".to_owned()
}
