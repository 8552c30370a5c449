use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sigstead_config::oidc::Grant;
use time::OffsetDateTime;

use crate::OidcIssuer;
use crate::claims::{Claims, Federated, Holder, IdToken, SigningInput};
use crate::client::Client;
use crate::error::Error;
use crate::parameter::Parameters;
use crate::password::Password;
use crate::queue::Asker;
use crate::secret::{Secret, random_bytes};
use crate::session::Authorization;
use crate::throttle::Key;

mod code;
mod exchange;
mod refresh;

use exchange::ExchangeResponse;
pub(crate) use exchange::TOKEN_EXCHANGE;
pub(crate) use refresh::NewGrant;

/// A token request (RFC 6749 §4.1.3): what the client says about itself, and the form.
pub(crate) struct TokenRequest {
    client_id: String,
    secret: Option<Password>,
    pub(crate) parameters: Parameters,
    pub(crate) address: IpAddr,
}

/// RFC 6749 §5.1. Both tokens are the same, because clients differ in the one that they read.
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: IdToken,
    token_type: &'static str,
    expires_in: i64,
    id_token: IdToken,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// The answer to one grant or another.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Granted {
    Token(TokenResponse),
    Exchanged(ExchangeResponse),
}

impl OidcIssuer {
    /// The verb: a grant becomes a token.
    pub(crate) async fn token(&self, request: &TokenRequest) -> Result<Granted, Error> {
        let grant_type = request.parameters.required("grant_type")?;
        let client = self.authenticate(request).await?;
        let parameters = &request.parameters;
        let token = match grant_type {
            "authorization_code" => self.redeem_code(&client, parameters).await?,
            "client_credentials" => self.issue_to_workload(&client).await?,
            "refresh_token" => self.refresh(&client, parameters).await?,
            DEVICE_CODE => self.redeem_device_code(&client, parameters).await?,
            TOKEN_EXCHANGE => {
                return self
                    .exchange(&client, parameters)
                    .await
                    .map(Granted::Exchanged);
            }
            _ => return Err(Error::GrantTypeUnsupported),
        };
        Ok(Granted::Token(token))
    }

    /// RFC 6749 §3.2.1. A public client has no secret, and an empty one is none.
    pub(crate) async fn authenticate(&self, request: &TokenRequest) -> Result<Arc<Client>, Error> {
        let client = self.clients.find(&request.client_id)?;
        match (client.has_secret(), &request.secret) {
            (false, None) => return Ok(client),
            (false, Some(_)) | (true, None) => return Err(Error::ClientAuthentication),
            (true, Some(secret)) => {
                let keys = [Key::client(client.id(), request.address)];
                self.throttle.admit(&keys, self.clock.now())?;
                let right = self
                    .is_secret_of(&client, secret, request.address)
                    .await
                    .inspect_err(|_| self.throttle.give_back(&keys))?;
                if !right {
                    return Err(Error::ClientAuthentication);
                }
                self.throttle.succeeded(&keys);
            }
        }
        Ok(client)
    }

    /// While a secret is replaced there are two, and the one before is looked at last.
    async fn is_secret_of(
        &self,
        client: &Client,
        secret: &Password,
        address: IpAddr,
    ) -> Result<bool, Error> {
        for hash in client.secret_hashes(self.clock.now()) {
            let asker = Asker::Stranger(address.into());
            let matches = self.passwords.matches(secret.clone(), Some(hash), asker);
            if matches.await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The token of a person.
    pub(crate) async fn issue_to_person(
        &self,
        client: &Client,
        authorization: &Authorization,
        grant: &'static str,
    ) -> Result<TokenResponse, Error> {
        let person = &authorization.person;
        // As the account is now, not as it was when the person signed in.
        let profile = self.standing(person).ok_or(Error::AccountChanged)?;
        let holder = Holder::Person {
            email: &person.email,
            // The administrator vouches for the addresses of the accounts, and a connector gives no other ones.
            email_verified: true,
            auth_time: person.auth_time.unix_timestamp(),
            amr: person.proof.methods(),
            acr: person.proof.context_class(),
            nonce: authorization.nonce.as_deref(),
            groups: authorization.groups.then_some(&profile.groups),
            federated_claims: person.elsewhere.as_ref().map(|elsewhere| Federated {
                connector_id: &elsewhere.origin.connector,
                user_id: &elsewhere.origin.subject,
            }),
            claims: &profile.claims,
        };
        tracing::info!(
            email = person.email,
            client = client.id(),
            grant,
            "issuing a token"
        );
        self.issue(client, &person.subject, holder, grant).await
    }

    /// RFC 6749 §4.4: a client asks for itself.
    async fn issue_to_workload(&self, client: &Client) -> Result<TokenResponse, Error> {
        client.may(Grant::ClientCredentials)?;
        let workload = client.workload().ok_or(Error::GrantForbidden)?;
        let holder = Holder::Workload {
            claims: &workload.claims,
            federated_claims: None,
        };
        let subject = &workload.subject;
        let grant = "client_credentials";
        tracing::info!(subject, client = client.id(), grant, "issuing a token");
        self.issue(client, subject, holder, grant).await
    }

    async fn issue(
        &self,
        client: &Client,
        subject: &str,
        holder: Holder<'_>,
        grant: &'static str,
    ) -> Result<TokenResponse, Error> {
        let (token, expires_in) = self.sign(client, subject, holder, None, grant).await?;
        Ok(TokenResponse {
            access_token: token.clone(),
            token_type: "bearer",
            expires_in,
            id_token: token,
            refresh_token: None,
        })
    }

    /// Claims → signed → token, which ends no later than at `until`, and for how many seconds it is good.
    async fn sign(
        &self,
        client: &Client,
        subject: &str,
        holder: Holder<'_>,
        until: Option<OffsetDateTime>,
        grant: &'static str,
    ) -> Result<(IdToken, i64), Error> {
        let now = self.clock.now();
        let (iat, key) = (now.unix_timestamp(), self.keys.at(now));
        let longest = self.lifetimes.token.whole_seconds();
        let left = until.map_or(longest, |until| until.unix_timestamp() - iat);
        let expires_in = longest.min(left);
        let claims = Claims {
            iss: self.issuer.as_str(),
            sub: subject,
            aud: client.audience(),
            iat,
            exp: iat + expires_in,
            jti: hex::encode(random_bytes::<16>()?),
            holder,
        };
        let input = SigningInput::new(key.id(), &claims)?;
        let signature = key.sign(input.bytes_to_sign()).await?;
        let token = input.sign_with(&signature);
        self.metrics.token(grant);
        Ok((token, expires_in))
    }

    /// A grant lives as long as the account with the password of then.
    pub(crate) fn still_valid(&self, authorization: &Authorization) -> Result<(), Error> {
        let standing = self.standing(&authorization.person);
        standing.map(drop).ok_or(Error::AccountChanged)
    }
}

impl TokenRequest {
    /// Reads the client from the `Authorization` header or from the form, not from both.
    pub(crate) fn parse(
        authorization: Option<&[u8]>,
        body: &[u8],
        address: IpAddr,
    ) -> Result<Self, Error> {
        let parameters = Parameters::parse(body);
        let in_form = parameters.optional("client_secret")?.map(str::to_owned);
        let id_in_form = parameters.optional("client_id")?.map(str::to_owned);
        let (client_id, secret) = match authorization.map(basic).transpose()? {
            Some((id, _)) if id_in_form.as_ref().is_some_and(|form| *form != id) => {
                return Err(Error::ClientAuthentication);
            }
            Some((_, Some(_))) if in_form.is_some() => {
                return Err(Error::ParameterInvalid {
                    name: "client_secret",
                    reason: "the client authenticates with the Authorization header already",
                });
            }
            Some((id, secret)) => (id, secret.or(in_form)),
            None => (
                id_in_form.ok_or(Error::ParameterMissing { name: "client_id" })?,
                in_form,
            ),
        };
        Ok(Self {
            client_id,
            secret: secret.map(Password::new),
            parameters,
            address,
        })
    }
}

impl TokenResponse {
    pub(crate) fn with_refresh_token(self, token: Option<Secret>) -> Self {
        Self {
            refresh_token: token.map(|token| token.as_str().to_owned()),
            ..self
        }
    }
}

/// RFC 6749 §2.3.1: id and secret, each form-encoded, in the Basic scheme of RFC 7617.
fn basic(header: &[u8]) -> Result<(String, Option<String>), Error> {
    let read = || {
        let (scheme, value) = std::str::from_utf8(header).ok()?.split_once(' ')?;
        let value = scheme.eq_ignore_ascii_case("basic").then_some(value)?;
        let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some((
            form_decode(id),
            Some(form_decode(secret)).filter(|secret| !secret.is_empty()),
        ))
    };
    read().ok_or(Error::ClientAuthentication)
}

fn form_decode(text: &str) -> String {
    let pair = format!("={text}").replace('&', "%26");
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// RFC 8628 §3.4.
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[cfg(test)]
mod tests;
