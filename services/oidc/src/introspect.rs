use serde::Serialize;

use crate::OidcIssuer;
use crate::client::Client;
use crate::error::Error;
use crate::own_token::OwnToken;
use crate::secret::Secret;
use crate::session::{OfflineGrant, RefreshToken, Stored};
use crate::token::TokenRequest;

/// What a client learns about a token (RFC 7662 §2.2). Of one that does not count, and of one that is not its business,
/// it learns the same.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Introspection {
    active: bool,
    #[serde(flatten)]
    token: Option<Active>,
}

/// A token that counts.
#[derive(Debug, Serialize)]
struct Active {
    iss: String,
    sub: String,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
}

/// Who is told what a person said about themselves (OpenID Connect Core §5.3.2).
#[derive(Debug, Serialize)]
pub(crate) struct UserInfo {
    sub: String,
    email: String,
    email_verified: bool,
    /// Groups and further claims, as in the token.
    #[serde(flatten)]
    further: serde_json::Map<String, serde_json::Value>,
}

impl OidcIssuer {
    /// OpenID Connect Core §5.3: what the token of a person says, as long as it counts. It is no more than that, because
    /// the same token is shown to others as the identity token.
    pub(crate) async fn user_info(&self, presented: &str) -> Result<UserInfo, Error> {
        let mut token = self.own_token(presented).await?;
        // These are about the sign-in and not about the person.
        for name in ["nonce", "email_verified", "amr", "acr"] {
            token.further.remove(name);
        }
        Ok(UserInfo {
            sub: token.sub,
            email: token.email.ok_or(Error::TokenOfNoPerson)?,
            email_verified: true,
            further: token.further,
        })
    }

    /// RFC 7662 §2: a client that proves who it is asks about a token that it was shown. The hint of the kind is not
    /// needed: the two kinds look different.
    pub(crate) async fn introspect(&self, request: &TokenRequest) -> Result<Introspection, Error> {
        let client = self.authenticate(request).await?;
        if !client.has_secret() {
            return Err(Error::ClientAuthentication);
        }
        let presented = request.parameters.required("token")?;
        if let Some(token) = Secret::presented(presented) {
            let found = self.refresh_token_of(&client, &token).await?;
            return Ok(found.map(|found| self.about_refresh(found)).into());
        }
        match self.own_token(presented).await {
            Ok(token) if token.aud == client.audience() => Ok(Some(about_access(token)).into()),
            Ok(_) | Err(Error::TokenRefused) => Ok(None.into()),
            Err(error) => Err(error),
        }
    }

    /// RFC 7009 §2: a client gives a token back. One that is none any more is no fault of the client's; one of another
    /// client is.
    pub(crate) async fn revoke(&self, request: &TokenRequest) -> Result<(), Error> {
        let client = self.authenticate(request).await?;
        let presented = request.parameters.required("token")?;
        if let Some(token) = Secret::presented(presented) {
            return self.revoke_grant(&client, &token).await;
        }
        match self.own_token(presented).await {
            Ok(token) if token.aud == client.audience() => self.revoke_token(&token).await,
            Ok(_) => Err(Error::TokenOfOtherClient),
            Err(Error::TokenRefused) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The refresh token with its grant, if `client` could use it now.
    async fn refresh_token_of(
        &self,
        client: &Client,
        token: &Secret,
    ) -> Result<Option<(Stored<RefreshToken>, Stored<OfflineGrant>)>, Error> {
        match self.open_refresh_token(client, token).await {
            Ok((stored, grant)) if !stored.record.used => {
                let valid = self.still_valid(&grant.record.authorization);
                Ok(valid.is_ok().then_some((stored, grant)))
            }
            Ok(_) | Err(Error::RefreshRefused) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn about_refresh(&self, found: (Stored<RefreshToken>, Stored<OfflineGrant>)) -> Active {
        let (token, grant) = found;
        let authorization = grant.record.authorization;
        Active {
            iss: self.issuer.as_str().to_owned(),
            sub: authorization.person.subject,
            exp: token.record.expires.unix_timestamp(),
            iat: None,
            aud: None,
            jti: None,
            token_type: None,
            client_id: Some(authorization.client),
            username: Some(authorization.person.email),
        }
    }
}

impl From<Option<Active>> for Introspection {
    fn from(token: Option<Active>) -> Self {
        Self {
            active: token.is_some(),
            token,
        }
    }
}

fn about_access(token: OwnToken) -> Active {
    Active {
        iss: token.iss,
        sub: token.sub,
        exp: token.exp,
        iat: Some(token.iat),
        aud: Some(token.aud),
        jti: Some(token.jti),
        token_type: Some("bearer"),
        client_id: None,
        username: token.email,
    }
}
