//! Configuration of the embedded issuer.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::{Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;
use sigstead_store::StoreConfig;

use crate::IssuerUrl;

mod client;
mod clients_file;
mod connector;
mod successors;

pub use client::{
    ClientConfig, ExchangeRule, FormerSecret, Grant, WorkloadConfig, is_reserved_of_people,
};
pub use clients_file::ClientsFile;
pub use connector::{
    AddressClaim, AddressPolicy, ConnectorConfig, LdapBind, LdapConfig, LdapGroups, LdapPeople,
    ProviderConfig,
};
pub use successors::{KEY_SET_LIFETIME, Successor, SuccessorsFile};

/// The file of the `oidc` service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listeners: Listeners,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The URL under which clients reach this service, without a trailing slash. It is the `iss`
    /// of every token and stands in every certificate: after a change, old certificates name the
    /// old issuer.
    pub issuer: IssuerUrl,
    /// The RSA key that signs tokens, of 2048 bits or more, until a successor takes over. Official clients take no other
    /// kind.
    pub key: KeyConfig,
    /// A file with the keys that take over from `key`, each at a time of its own, which `sigctl rotate oidc` writes. It is
    /// looked at every few seconds, and read on SIGHUP; as long as there is no such file, `key` signs for ever. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successors_file: Option<PathBuf>,
    /// How long a token is valid. Default `5m`. Whoever steals one can obtain certificates for as
    /// long.
    #[serde(default = "default_token_lifetime")]
    pub token_lifetime: Period,
    /// Where sessions, codes and refresh tokens are kept. Losing it logs everybody out.
    pub store: StoreConfig,
    /// The record file of users and their password hashes. It cannot be rebuilt: back it up.
    pub users: PathBuf,
    /// The applications and workloads that may ask for tokens.
    pub clients: Vec<ClientConfig>,
    /// A file with more of them, which `sigctl oidc client` writes. It is read at the start and on SIGHUP; as long as there
    /// is no such file, there are no more. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients_file: Option<PathBuf>,
    /// A file of issuers whose tokens clients exchange for tokens of this one (RFC 8693), in the format of the `issuers` of
    /// the certificate authority. It is read at the start and on SIGHUP. Default none: nothing is exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_issuers: Option<PathBuf>,
    /// Where people sign in whose accounts are elsewhere, in the order in which the sign-in page offers them. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connectors: Vec<ConnectorConfig>,
    /// Lifetimes of what leads to a token, and the limit on guessing.
    #[serde(default)]
    pub sessions: SessionConfig,
    /// What the pages say about who runs them.
    #[serde(default)]
    pub pages: PagesConfig,
}

/// What the pages say about who runs them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PagesConfig {
    /// What people know the instance by, such as their team's name. It is at the foot of every page.
    /// Default: nothing, and people see the host only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whom people ask when they cannot sign in: an e-mail address, an `https` URL, or words, such as
    /// `the platform team`. Default: the pages speak of the administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// Lifetimes of what leads to a token, and the limit on guessing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    /// How long a login in the browser lasts. Default `12h`. Within it a person is not asked for the
    /// password again; a public client still needs a click, because anything can ask in its name.
    pub login_lifetime: Period,
    /// How long an authorization code can be redeemed. Default `1m`.
    pub code_lifetime: Period,
    /// How long a device code waits for its person. Default `10m`.
    pub device_code_lifetime: Period,
    /// How long refresh tokens of one sign-in can be used. Default `12h`.
    pub refresh_lifetime: Period,
    /// How long a refresh token waits for its use. Default: as long as `refresh_lifetime` has left. A shorter time ends what a
    /// program forgot to give back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_idle_lifetime: Option<Period>,
    /// How long a refresh token that was used is taken again, if its successor was not used: for an answer that was lost on
    /// its way. Default `3s`; `0s` takes none again. Longer is kinder to bad networks and to whoever has a copy.
    pub refresh_grace: Period,
    /// Wrong passwords for one account before it is locked for `lock_time`. Default 5. Higher is
    /// kinder to people and to whoever guesses.
    pub max_failures: u32,
    /// How long an account stays locked. Default `15m`.
    pub lock_time: Period,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            login_lifetime: Period::from_hours(12),
            code_lifetime: Period::from_minutes(1),
            device_code_lifetime: Period::from_minutes(10),
            refresh_lifetime: Period::from_hours(12),
            refresh_idle_lifetime: None,
            refresh_grace: Period::from_seconds(3),
            max_failures: 5,
            lock_time: Period::from_minutes(15),
        }
    }
}

impl SessionConfig {
    /// Longer periods would be added to the time of day until it overflows.
    fn check(&self) -> Result<(), String> {
        let year = Period::from_days(366);
        between("login_lifetime", self.login_lifetime, year)?;
        between("code_lifetime", self.code_lifetime, Period::from_hours(1))?;
        between(
            "device_code_lifetime",
            self.device_code_lifetime,
            Period::from_days(1),
        )?;
        between("refresh_lifetime", self.refresh_lifetime, year)?;
        if let Some(idle) = self.refresh_idle_lifetime {
            between("refresh_idle_lifetime", idle, self.refresh_lifetime)?;
        }
        if self.refresh_grace > Period::from_minutes(1) {
            return Err(format!(
                "refresh_grace is {}; it must be at most 1m",
                self.refresh_grace
            ));
        }
        between("lock_time", self.lock_time, Period::from_days(30))?;
        match self.max_failures {
            1..=1_000 => Ok(()),
            _ => Err("max_failures is not between 1 and 1000".to_owned()),
        }
    }
}

impl PagesConfig {
    fn check(&self) -> Result<(), String> {
        let texts = [("name", &self.name), ("contact", &self.contact)];
        for (field, text) in texts {
            if text.as_deref().is_some_and(|text| !is_a_line(text)) {
                return Err(format!(
                    "{field} of pages is not one line of 1 to 200 letters"
                ));
            }
        }
        Ok(())
    }
}

impl Config {
    /// A configuration with every default and the public client of the official tools.
    #[must_use]
    pub fn new(
        listeners: Listeners,
        issuer: IssuerUrl,
        key: KeyConfig,
        store: StoreConfig,
        users: PathBuf,
    ) -> Self {
        Self {
            listeners,
            telemetry: TelemetryConfig::default(),
            issuer,
            key,
            successors_file: None,
            token_lifetime: default_token_lifetime(),
            store,
            users,
            clients: vec![ClientConfig::sigstore()],
            clients_file: None,
            exchange_issuers: None,
            connectors: Vec::new(),
            sessions: SessionConfig::default(),
            pages: PagesConfig::default(),
        }
    }
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        client::check_all(&self.clients, self.exchange_issuers.as_deref())?;
        connector::check_all(&self.connectors)?;
        between("token_lifetime", self.token_lifetime, Period::from_days(1))?;
        self.sessions.check()?;
        self.pages.check()
    }
}

fn default_token_lifetime() -> Period {
    Period::from_minutes(5)
}

/// What people read on a page.
fn is_a_line(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= LETTERS
        && !text.chars().any(char::is_control)
}

fn between(field: &str, found: Period, longest: Period) -> Result<(), String> {
    let shortest = Period::from_seconds(1);
    if (shortest..=longest).contains(&found) {
        Ok(())
    } else {
        Err(format!(
            "{field} is {found}; it must be between {shortest} and {longest}"
        ))
    }
}

const LETTERS: usize = 200;
