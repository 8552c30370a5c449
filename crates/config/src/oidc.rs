//! Configuration of the embedded issuer.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sigstead_kit::{Listeners, Period, ServiceConfig, TelemetryConfig};
use sigstead_signer::KeyConfig;
use sigstead_store::StoreConfig;

use crate::IssuerUrl;

/// The file of the `oidc` service.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// The RSA key that signs tokens, of 2048 bits or more. Official clients take no other kind.
    pub key: KeyConfig,
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
    /// Lifetimes of what leads to a token, and the limit on guessing.
    #[serde(default)]
    pub sessions: SessionConfig,
}

/// An application or a workload that may ask for tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The `client_id`. Official clients use `sigstore`.
    pub id: String,
    /// What the login page calls the client. Default: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Argon2id hash of the client's secret in PHC form (`$argon2id$…`). Without it the client is
    /// public, and everything rests on PKCE and the redirect URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<String>,
    /// Where codes may be sent, compared byte for byte. A loopback URI without a port
    /// (`http://localhost/auth/callback`, `http://127.0.0.1`) stands for every port, and without
    /// a path for every path as well (RFC 8252 §7.3). Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// What the client may use to obtain tokens.
    pub grants: Vec<Grant>,
    /// The `aud` of its tokens. Default: its id. The certificate authority takes tokens for
    /// `sigstore` only, unless its issuers file says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Who the client is when it asks for itself; required by the grant `client_credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadConfig>,
}

/// The identity of a client that asks for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadConfig {
    /// The `sub` of its tokens, such as `https://example.com/workloads/release`. It is the name in
    /// the certificate and must be stable.
    pub subject: String,
    /// Further claims, all of them text. `email` is refused: a workload is not a person, and
    /// clients would take it for one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
}

/// A way to obtain a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person logs in with a browser (RFC 6749 §4.1, with PKCE of RFC 7636).
    AuthorizationCode,
    /// A person logs in on another device (RFC 8628).
    DeviceCode,
    /// A session goes on without a new login (RFC 6749 §6).
    RefreshToken,
    /// A workload asks for itself (RFC 6749 §4.4).
    ClientCredentials,
    /// A token of another issuer is exchanged (RFC 8693).
    TokenExchange,
}

/// Lifetimes of what leads to a token, and the limit on guessing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    /// How long a login in the browser lasts. Default `12h`. Within it a person is not asked for the
    /// password again; a public client still needs a click, because anything can ask in its name.
    pub login_lifetime: Period,
    /// How long an authorization code can be redeemed. Default `1m`.
    pub code_lifetime: Period,
    /// How long a device code waits for its person. Default `10m`.
    pub device_code_lifetime: Period,
    /// How long a refresh token can be used. Default `12h`.
    pub refresh_lifetime: Period,
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
            max_failures: 5,
            lock_time: Period::from_minutes(15),
        }
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
            token_lifetime: default_token_lifetime(),
            store,
            users,
            clients: vec![ClientConfig::sigstore()],
            sessions: SessionConfig::default(),
        }
    }
}

impl ClientConfig {
    /// The client that official tools are, unless told otherwise: public, on loopback redirects.
    #[must_use]
    pub fn sigstore() -> Self {
        let redirects = ["http://localhost", "http://127.0.0.1", OUT_OF_BAND];
        Self {
            id: "sigstore".to_owned(),
            name: Some("Sigstore tools".to_owned()),
            secret_hash: None,
            redirect_uris: redirects.map(str::to_owned).to_vec(),
            grants: vec![
                Grant::AuthorizationCode,
                Grant::DeviceCode,
                Grant::RefreshToken,
            ],
            audience: None,
            workload: None,
        }
    }

    /// The `aud` of the client's tokens.
    #[must_use]
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(&self.id)
    }

    /// What the login page calls the client.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    fn check(&self) -> Result<(), String> {
        let id = &self.id;
        let may = |grant| self.grants.contains(&grant);
        if id.is_empty() {
            return Err("a client has an empty id".to_owned());
        }
        if may(Grant::ClientCredentials) && (self.secret_hash.is_none() || self.workload.is_none())
        {
            return Err(format!(
                "client {id} may use client_credentials; give it a secret_hash and a workload"
            ));
        }
        if may(Grant::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(format!(
                "client {id} may use authorization_code; give it a redirect uri"
            ));
        }
        if self
            .secret_hash
            .as_ref()
            .is_some_and(|hash| !hash.starts_with("$argon2id$"))
        {
            return Err(format!(
                "the secret_hash of client {id} is not an argon2id hash; never write the secret"
            ));
        }
        self.workload
            .as_ref()
            .map_or(Ok(()), |workload| workload.check(id))
    }
}

impl WorkloadConfig {
    fn check(&self, id: &str) -> Result<(), String> {
        if self.subject.is_empty() {
            return Err(format!("the workload of client {id} has an empty subject"));
        }
        match self
            .claims
            .keys()
            .find(|name| RESERVED.contains(&name.as_str()))
        {
            Some(name) => Err(format!(
                "the workload of client {id} sets the claim {name}, which it may not"
            )),
            None => Ok(()),
        }
    }
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn check(&self) -> Result<(), String> {
        let mut ids = HashSet::new();
        for client in &self.clients {
            client.check()?;
            if !ids.insert(&client.id) {
                return Err(format!("two clients have the id {}", client.id));
            }
        }
        Ok(())
    }
}

fn default_token_lifetime() -> Period {
    Period::from_minutes(5)
}

const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Claims with which a workload could pass for someone else.
const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "email",
    "email_verified",
];
