use sigstead_config::oidc::Grant;

use super::TokenResponse;
use crate::OidcIssuer;
use crate::client::Client;
use crate::error::Error;
use crate::parameter::Parameters;
use crate::secret::Secret;
use crate::session::{Authorization, OfflineGrant, Outcome, RefreshToken, Step, Stored};

/// The first refresh token of a grant, and the grant, not yet stored.
pub(crate) struct NewGrant {
    id: [u8; 32],
    grant: OfflineGrant,
    token: Secret,
}

impl NewGrant {
    /// The grant is stored together with the redemption that it comes from, or not at all.
    pub(crate) fn add_to(new: Option<Self>, step: Step) -> Result<(Step, Option<Secret>), Error> {
        let Some(Self { id, grant, token }) = new else {
            return Ok((step, None));
        };
        let record = RefreshToken {
            grant: id,
            expires: grant.expires,
            used: false,
        };
        let step = step.create(&id, &grant)?.create(&token.digest(), &record)?;
        Ok((step, Some(token)))
    }
}

impl OidcIssuer {
    /// A grant under the id of the code that it comes from, so that a replay of the code finds it.
    pub(crate) fn new_grant(
        &self,
        code: &Secret,
        authorization: &Authorization,
    ) -> Result<NewGrant, Error> {
        let grant = OfflineGrant {
            authorization: authorization.clone(),
            expires: self.clock.now() + self.lifetimes.refresh,
        };
        Ok(NewGrant {
            id: code.digest(),
            grant,
            token: Secret::random()?,
        })
    }

    /// RFC 6749 §6 with rotation (RFC 9700 §4.14.2): each token is used once; one that comes again
    /// was copied, and ends the grant.
    pub(super) async fn refresh(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<TokenResponse, Error> {
        client.may(Grant::RefreshToken)?;
        let presented = parameters.required("refresh_token")?;
        let token = Secret::presented(presented).ok_or(Error::RefreshRefused)?;
        let (old, grant) = self.refreshable(client, &token).await?;
        let next = Secret::random()?;
        let record = RefreshToken {
            used: false,
            ..old.record.clone()
        };
        let used = RefreshToken {
            used: true,
            ..old.record.clone()
        };
        let step = Step::default()
            .unchanged(&grant)
            .replace(&old, &used)?
            .create(&next.digest(), &record)?;
        if self.sessions.apply(step).await? == Outcome::Overtaken {
            return Err(Error::RefreshRefused);
        }
        // OpenID Connect Core §12.2: the nonce belongs to the sign-in, not to a refresh.
        let authorization = Authorization {
            nonce: None,
            ..grant.record.authorization
        };
        self.still_valid(&authorization)?;
        let response = self
            .issue_to_person(client, &authorization, "refresh_token")
            .await?;
        Ok(response.with_refresh_token(Some(next)))
    }

    async fn refreshable(
        &self,
        client: &Client,
        token: &Secret,
    ) -> Result<(Stored<RefreshToken>, Stored<OfflineGrant>), Error> {
        let stored = self.sessions.load::<RefreshToken>(&token.digest()).await?;
        let stored = stored.ok_or(Error::RefreshRefused)?;
        let id = stored.record.grant;
        if stored.record.used {
            tracing::warn!("a refresh token was presented a second time");
            self.sessions
                .apply(Step::default().remove::<OfflineGrant>(&id))
                .await?;
            return Err(Error::RefreshRefused);
        }
        let grant = self.sessions.load::<OfflineGrant>(&id).await?;
        let now = self.clock.now();
        let valid = |grant: &Stored<OfflineGrant>| {
            grant.record.authorization.client == client.id()
                && grant.record.expires > now
                && stored.record.expires > now
        };
        let grant = grant.filter(valid).ok_or(Error::RefreshRefused)?;
        Ok((stored, grant))
    }
}
