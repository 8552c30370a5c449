use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::is_a_line;

/// An application or a workload that may ask for tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IssuerClient")]
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
    /// The secret before this one, as long as it is taken too: while a secret is replaced, the client has either. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_secret: Option<FormerSecret>,
    /// Where codes may be sent, compared byte for byte. A loopback URI without a port
    /// (`http://localhost/auth/callback`, `http://127.0.0.1`) stands for every port, and without
    /// a path for every path as well (RFC 8252 §7.3). Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent who were signed out, compared as `redirect_uris` are. Default none: they stay on a page of
    /// the issuer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether tokens of people name their groups also when the client did not ask for the scope `groups`, as the official
    /// tools do not. Default no. What is signed with them names no group, but rules of the certificate authority can ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub groups: bool,
    /// What the client may use to obtain tokens. One that has none asks about tokens that it is shown, with its secret.
    pub grants: Vec<Grant>,
    /// The `aud` of its tokens. Default: its id. The certificate authority takes tokens for
    /// `sigstore` only, unless its issuers file says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Who the client is when it asks for itself; required by the grant `client_credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadConfig>,
    /// Whose tokens are exchanged for tokens of the workload; required by the grant `token_exchange`. One of the rules has to
    /// hold. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange: Vec<ExchangeRule>,
}

/// A secret that is being replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormerSecret {
    /// Its Argon2id hash in PHC form.
    pub secret_hash: String,
    /// Until when it is taken, as in `2027-03-01T00:00:00Z`.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub until: OffsetDateTime,
}

/// Whose tokens are exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRule {
    /// The name by which the log calls the rule.
    pub name: String,
    /// The expression: true or false of `claims`, `san`, `issuer` and `type`, as in the file of issuers of the certificate
    /// authority. Write it over what does not change hands: who satisfies it is the workload.
    pub rule: String,
}

/// The identity of a client that asks for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

/// Checks clients that are to be together, at a service that takes tokens of the issuers of a file, or of none.
pub(super) fn check_all<'a>(
    clients: impl IntoIterator<Item = &'a ClientConfig>,
    exchange_issuers: Option<&Path>,
) -> Result<(), String> {
    let mut ids = HashSet::new();
    for client in clients {
        client.check()?;
        if exchange_issuers.is_none() && client.grants.contains(&Grant::TokenExchange) {
            return Err(format!(
                "client {} may use token_exchange, but exchange_issuers names no file of issuers",
                client.id
            ));
        }
        if !ids.insert(&client.id) {
            return Err(format!("two clients have the id {}", client.id));
        }
    }
    Ok(())
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
            former_secret: None,
            redirect_uris: redirects.map(str::to_owned).to_vec(),
            post_logout_redirect_uris: Vec::new(),
            groups: false,
            grants: vec![
                Grant::AuthorizationCode,
                Grant::DeviceCode,
                Grant::RefreshToken,
            ],
            audience: None,
            workload: None,
            exchange: Vec::new(),
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

    /// All hashes of its secrets, also of one that is taken no more.
    pub fn secret_hashes(&self) -> impl Iterator<Item = &str> {
        let former = self.former_secret.as_ref();
        let hashes = self.secret_hash.iter();
        hashes
            .chain(former.map(|former| &former.secret_hash))
            .map(String::as_str)
    }

    fn check(&self) -> Result<(), String> {
        let id = &self.id;
        let may = |grant| self.grants.contains(&grant);
        if id.is_empty() || id.len() > BYTES || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!(
                "the client id {id:?} is not 1 to {BYTES} printable ascii characters"
            ));
        }
        if self.name.as_deref().is_some_and(|name| !is_a_line(name)) {
            return Err(format!(
                "the name of client {id} is not one line of 1 to 200 letters"
            ));
        }
        let uris = self
            .redirect_uris
            .iter()
            .chain(&self.post_logout_redirect_uris);
        let texts = uris.chain(&self.audience);
        if texts.map(String::len).max() > Some(BYTES_OF_A_URI) {
            return Err(format!(
                "a redirect uri or the audience of client {id} is longer than {BYTES_OF_A_URI} bytes"
            ));
        }
        if may(Grant::ClientCredentials) && (self.secret_hash.is_none() || self.workload.is_none())
        {
            return Err(format!(
                "client {id} may use client_credentials; give it a secret_hash and a workload"
            ));
        }
        if self
            .post_logout_redirect_uris
            .iter()
            .any(|uri| uri == OUT_OF_BAND)
        {
            return Err(format!(
                "client {id} has {OUT_OF_BAND} among its post_logout_redirect_uris; nobody can be sent there"
            ));
        }
        if !may(Grant::TokenExchange) && !self.exchange.is_empty() {
            return Err(format!(
                "client {id} has rules about exchanged tokens; give it the grant token_exchange"
            ));
        }
        if may(Grant::TokenExchange) && (self.exchange.is_empty() || self.workload.is_none()) {
            return Err(format!(
                "client {id} may use token_exchange; give it a workload, and rules that say whose tokens are exchanged"
            ));
        }
        if may(Grant::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(format!(
                "client {id} may use authorization_code; give it a redirect uri"
            ));
        }
        if self.secret_hash.is_none() && self.former_secret.is_some() {
            return Err(format!(
                "client {id} has a former_secret and no secret_hash; a public client has neither"
            ));
        }
        if self
            .secret_hashes()
            .any(|hash| !hash.starts_with("$argon2id$"))
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
        let claims = self.claims.iter().flat_map(|(name, value)| [name, value]);
        let bytes = claims
            .chain([&self.subject])
            .map(String::len)
            .sum::<usize>();
        if bytes > BYTES_OF_CLAIMS {
            return Err(format!(
                "subject and claims of the workload of client {id} are longer than \
                 {BYTES_OF_CLAIMS} bytes together"
            ));
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

const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Claims that the issuer itself sets, or with which a workload could pass for someone else.
const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "email",
    "email_verified",
    "federated_claims",
];

/// Whether a claim of that name is none that an administrator gives a person.
#[must_use]
pub fn is_reserved_of_people(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_OF_PEOPLE.contains(&name)
}

/// Claims that say how a person signed in, or what a program may do.
const RESERVED_OF_PEOPLE: &[&str] = &[
    "acr",
    "act",
    "amr",
    "at_hash",
    "auth_time",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "groups",
    "may_act",
    "scope",
    "sid",
];

const BYTES: usize = 256;
const BYTES_OF_A_URI: usize = 2048;
/// Tokens travel in headers, which servers take up to some 8 KiB.
const BYTES_OF_CLAIMS: usize = 4096;
