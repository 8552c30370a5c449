use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use sigstead_config::IssuerUrl;
use sigstead_config::oidc::{AddressClaim, ProviderConfig};
use sigstead_identity::{FetchOptions, HttpFetch, Issuers, IssuersConfig};
use time::OffsetDateTime;
use url::Url;
use zeroize::Zeroizing;

use super::{Choice, Identity, Origin, speaks_for};
use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::secret::sha256;

mod answer;
mod discovery;
pub(crate) mod fault;

pub(crate) use answer::Expected;
use answer::Said;
use discovery::{Discovery, Place, Proof};
pub use fault::ProviderError;

/// A provider of identities at which people sign in, to which the issuer is a client: code flow with PKCE, state and nonce.
///
/// Its tokens are verified as the certificate authority verifies those of its issuers, by the same code, and its documents are
/// fetched in the same way: without redirects, within a deadline, and from private addresses only if the operator wrote them.
pub(crate) struct Provider {
    config: ProviderConfig,
    redirect_uri: String,
    place: Place,
    fetch: Arc<HttpFetch>,
    /// What the verification knows of it.
    trusted: IssuersConfig,
    issuers: Issuers,
}

/// What a person is sent to the provider with.
pub(crate) struct Sent<'a> {
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) verifier: &'a str,
    /// Whether the provider has to ask them to sign in, also if they are signed in there.
    pub(crate) anew: bool,
}

/// RFC 6749 §5.1 and §5.2, as far as it is read.
#[derive(Deserialize)]
struct TokenAnswer {
    id_token: Option<String>,
    error: Option<String>,
}

impl Provider {
    pub(crate) fn open(config: &ProviderConfig, own: &IssuerUrl) -> Result<Self, Error> {
        let unfit = |reason: String| Error::ConnectorUnfit {
            id: config.id.clone(),
            reason,
        };
        let ca_cert = match &config.ca_file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| unfit(format!("ca_file {}: {error}", path.display())))?,
        };
        let entry = serde_json::json!({"oidc-issuers": {&config.issuer: {
            "client-id": config.client_id,
            "type": "email",
            "ca-cert": ca_cert,
            "skip-email-verification": config.verified == AddressClaim::Domains,
        }}});
        let unusable = |error| unfit(sigstead_kit::causes(&error));
        let trusted = IssuersConfig::parse(&entry.to_string()).map_err(unusable)?;
        let fetch = HttpFetch::new(&FetchOptions::default(), &trusted).map_err(unusable)?;
        let fetch = Arc::new(fetch);
        let issuers = Issuers::new(trusted.clone(), Arc::clone(&fetch) as _).map_err(unusable)?;
        Ok(Self {
            redirect_uri: own.join(&format!("/callback/{}", config.id)),
            place: Place::new(&config.issuer, ca_cert),
            config: config.clone(),
            fetch,
            trusted,
            issuers,
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.config.id
    }

    pub(crate) fn choice(&self) -> Choice {
        Choice {
            id: self.config.id.clone(),
            name: self.config.name.clone(),
        }
    }

    /// Where a person is sent to sign in (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4.3).
    pub(crate) async fn destination(&self, sent: Sent<'_>) -> Result<Url, Error> {
        let discovery = self.place.discovery(&self.fetch).await;
        let mut url = discovery.map_err(|error| self.fault(error))?.authorize;
        let challenge = URL_SAFE_NO_PAD.encode(sha256(sent.verifier.as_bytes()));
        let scope = self.config.scopes.join(" ");
        let mut query = url.query_pairs_mut();
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scope),
            ("state", sent.state),
            ("nonce", sent.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        if sent.anew {
            // With max_age the token has to have auth_time.
            query.extend_pairs([("prompt", "login"), ("max_age", "0")]);
        }
        drop(query);
        Ok(url)
    }

    /// Whether an answer is this provider's (RFC 9207 §2.4).
    pub(crate) async fn check_sender(&self, iss: Option<&str>) -> Result<(), Error> {
        let discovery = self.place.discovery(&self.fetch).await;
        let names_itself = discovery.map_err(|error| self.fault(error))?.names_itself;
        match iss {
            Some(iss) if iss != self.config.issuer => Err(ProviderError::OtherProvider(shown(iss))),
            None if names_itself => Err(ProviderError::OtherProvider("nobody".to_owned())),
            _ => Ok(()),
        }
        .map_err(|error| self.fault(error))
    }

    /// Whom the provider says that somebody is who came back with a code, and when they signed in there.
    pub(crate) async fn identity(
        &self,
        code: &str,
        verifier: &str,
        expected: Expected<'_>,
        now: OffsetDateTime,
    ) -> Result<(Identity, OffsetDateTime), Error> {
        let token = self.redeem(code, verifier).await;
        let token = token.map_err(|error| self.fault(error))?;
        let bearer = self
            .issuers
            .verify(&token, now)
            .await
            .map_err(|error| match error {
                sigstead_identity::Error::EmailNotVerified => {
                    self.unfit("their e-mail address is not verified")
                }
                error if error.is_the_issuers() => self.fault(ProviderError::Keys(Box::new(error))),
                error => self.fault(ProviderError::Token(Box::new(error))),
            })?;
        let said = Said::of(&token).map_err(|error| self.fault(error))?;
        said.check(&self.config, expected)
            .map_err(|error| self.fault(error))?;
        let address = bearer.san().value().to_ascii_lowercase();
        let email = EmailAddress::parse(&address)
            .map_err(|_| self.unfit("their e-mail address is none that a certificate can have"))?;
        if !speaks_for(&self.config.domains, &email) {
            return Err(self
                .unfit("their e-mail address is of a domain that the provider may not speak for"));
        }
        let origin = Origin::of(&self.config.id, bearer.subject())
            .ok_or_else(|| self.unfit("their subject is too long or has control characters"))?;
        let groups = said
            .groups(self.config.groups_claim.as_deref())
            .map_err(|reason| self.unfit(reason))?;
        let identity = Identity {
            origin,
            email,
            groups,
        };
        Ok((identity, said.signed_in(now)))
    }

    /// Whether the provider says who it is, and has keys.
    pub(crate) async fn probe(&self) -> Result<(), ProviderError> {
        self.place.fetch(&self.fetch).await?;
        for issuer in self.trusted.issuers.values() {
            sigstead_identity::published_keys(issuer, self.fetch.as_ref())
                .await
                .map_err(|error| ProviderError::Keys(Box::new(error)))?;
        }
        Ok(())
    }

    /// Why it signed nobody in, for the log and for the person.
    pub(crate) fn fault(&self, source: ProviderError) -> Error {
        tracing::warn!(
            connector = self.config.id,
            "a provider signed nobody in: {}",
            sigstead_kit::causes(&source)
        );
        Error::Provider {
            name: self.config.name.clone(),
            source: Box::new(source),
        }
    }

    fn unfit(&self, reason: &'static str) -> Error {
        tracing::warn!(
            connector = self.config.id,
            "a person whom a provider signed in cannot be signed in here: {reason}"
        );
        Error::IdentityUnfit { reason }
    }

    /// RFC 6749 §4.1.3 with RFC 7636 §4.5.
    async fn redeem(&self, code: &str, verifier: &str) -> Result<String, ProviderError> {
        let discovery = self.place.discovery(&self.fetch).await?;
        let secret = self.secret().await?;
        let secret = secret.as_ref().map(|secret| secret.as_str());
        let authorization = match (secret, discovery.proof) {
            (Some(secret), Proof::Header) => Some(basic(&self.config.client_id, secret)),
            _ => None,
        };
        let in_form = secret.filter(|_| authorization.is_none());
        let form = self.form(code, verifier, in_form, authorization.is_some());
        let authorization = authorization.as_ref().map(|text| text.as_str());
        self.ask(&discovery, form, authorization).await
    }

    /// The form of a token request, with what the header does not say.
    fn form(&self, code: &str, verifier: &str, secret: Option<&str>, has_header: bool) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier),
        ]);
        if !has_header {
            form.append_pair("client_id", &self.config.client_id);
        }
        form.extend_pairs(secret.map(|secret| ("client_secret", secret)));
        form.finish()
    }

    async fn ask(
        &self,
        discovery: &Discovery,
        form: String,
        authorization: Option<&str>,
    ) -> Result<String, ProviderError> {
        let request = self.place.request(&discovery.token);
        let answer = self.fetch.post(request, form, authorization).await;
        let (status, body) = answer.map_err(ProviderError::Unreachable)?;
        let answer: TokenAnswer = serde_json::from_slice(&body)
            .map_err(|_| ProviderError::NoToken(format!("status {status}, and no json")))?;
        match (status, answer.id_token) {
            (200, Some(token)) => Ok(token),
            (200, None) => Err(ProviderError::NoToken("there is no id_token".to_owned())),
            (status, _) => {
                let error = answer.error.as_deref().map(shown).unwrap_or_default();
                Err(ProviderError::NoToken(format!("status {status} {error}")))
            }
        }
    }

    async fn secret(&self) -> Result<Option<Zeroizing<String>>, ProviderError> {
        let Some(path) = &self.config.client_secret_file else {
            return Ok(None);
        };
        let read = tokio::fs::read_to_string(path).await;
        let text = Zeroizing::new(read.map_err(|source| ProviderError::Secret {
            path: path.clone(),
            source,
        })?);
        let secret = text.trim_end_matches(['\n', '\r']);
        Ok(Some(Zeroizing::new(secret.to_owned())))
    }
}

/// RFC 6749 §2.3.1: each half is form-encoded first.
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let encoded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret)));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

/// What others wrote, for the log: short, and on one line.
pub(crate) fn shown(text: &str) -> String {
    let letters = text.chars().filter(|letter| !letter.is_control());
    letters.take(100).collect()
}
