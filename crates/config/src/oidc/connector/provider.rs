use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::check_domains;
use crate::oidc::is_a_line;

/// A provider of identities at which people sign in (OpenID Connect Core 1.0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The connector's name in subjects and in links to accounts: letters, digits and hyphens. After a change everybody
    /// is somebody else. The provider sends people back to `/callback/` and this name.
    pub id: String,
    /// What the sign-in page calls the provider.
    pub name: String,
    /// The `iss` of its tokens; its discovery document is below it. It is `https`, but on this machine.
    pub issuer: String,
    /// What the provider knows the issuer as. Its tokens have it as their audience.
    pub client_id: String,
    /// The file with the secret that the provider gave, on one line. It is read at each sign-in. Default none: the issuer
    /// is a public client, and everything rests on PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// PEM file with the only authorities that may certify the provider. Default: those of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// What is asked for. Default `openid email`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Why an address may be believed. Default `claim`.
    #[serde(default)]
    pub verified: AddressClaim,
    /// The claim with the names of groups. Default none: nobody has groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_claim: Option<String>,
    /// The domains whose e-mail addresses the provider may speak for. Default: all, which lets whoever runs it sign as
    /// anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
}

/// Why an e-mail address of a provider may be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressClaim {
    /// The token says so (`email_verified`).
    #[default]
    Claim,
    /// The operator says so of all addresses of `domains`, at a provider that does not.
    Domains,
}

impl ProviderConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if !is_a_line(&self.name) {
            return Err("its name is not one line of 1 to 200 letters".to_owned());
        }
        if self.client_id.is_empty() || self.client_id.len() > 256 {
            return Err("client_id is not 1 to 256 letters".to_owned());
        }
        let url = Url::parse(&self.issuer).map_err(|error| format!("issuer: {error}"))?;
        let bare = url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return Err("issuer is not a url of host and path alone".to_owned());
        }
        if !is_safe(&url) {
            return Err("issuer is not https, and tokens would travel unencrypted".to_owned());
        }
        let word = |scope: &String| {
            !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
        };
        if !self.scopes.iter().all(word) || !self.scopes.iter().any(|scope| scope == "openid") {
            return Err("scopes are words, and openid is one of them".to_owned());
        }
        if self.verified == AddressClaim::Domains && self.domains.is_empty() {
            return Err("verified is domains; name them".to_owned());
        }
        check_domains(&self.domains)
    }
}

/// Whether nobody on the way can read what goes to the provider.
fn is_safe(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

fn default_scopes() -> Vec<String> {
    ["openid", "email"].map(str::to_owned).to_vec()
}
