use sigstead_config::oidc::Grant;
use time::OffsetDateTime;

use super::TokenResponse;
use crate::OidcIssuer;
use crate::client::Client;
use crate::error::Error;
use crate::parameter::Parameters;
use crate::secret::Secret;
use crate::session::{Authorization, OfflineGrant, Outcome, RefreshToken, Replaced, Step, Stored};

/// The first refresh token of a grant, and the grant, not yet stored.
pub(crate) struct NewGrant {
    id: [u8; 32],
    grant: OfflineGrant,
    token: Secret,
    expires: OffsetDateTime,
}

impl NewGrant {
    /// The grant is stored together with the redemption that it comes from, or not at all.
    pub(crate) fn add_to(new: Option<Self>, step: Step) -> Result<(Step, Option<Secret>), Error> {
        let Some(Self {
            id,
            grant,
            token,
            expires,
        }) = new
        else {
            return Ok((step, None));
        };
        let record = RefreshToken::open(id, expires);
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
        let expires = self.clock.now() + self.lifetimes.refresh;
        Ok(NewGrant {
            id: code.digest(),
            grant: OfflineGrant {
                authorization: authorization.clone(),
                expires,
            },
            token: Secret::random()?,
            expires: self.idle_until(expires),
        })
    }

    /// RFC 6749 §6 with rotation (RFC 9700 §4.14.2). Each token is used once; one that comes again was copied, and ends
    /// the grant. The exception is an answer that was lost on its way: for a moment (`refresh_grace`) the token may come
    /// again, as long as nobody has used its successor, and the successor is void from then on. If both holders of a copy
    /// go on, one of them shows what is used or void, and the grant ends.
    ///
    /// The token is signed before the step is taken, so that a key that fails costs the client nothing.
    pub(super) async fn refresh(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<TokenResponse, Error> {
        client.may(Grant::RefreshToken)?;
        let presented = parameters.required("refresh_token")?;
        let token = Secret::presented(presented).ok_or(Error::RefreshRefused)?;
        // A client that sends its request twice at once may be overtaken by itself.
        for _ in 0..2 {
            let (old, grant) = self.open_refresh_token(client, &token).await?;
            let step = self.take(&old, &grant).await?;
            let next = Secret::random()?;
            let expires = self.idle_until(grant.record.expires);
            let used = old.record.replaced_by(&next, self.clock.now());
            let record = RefreshToken::open(old.record.grant, expires);
            let step = step
                .unchanged(&grant)
                .replace(&old, &used)?
                .create(&next.digest(), &record)?;
            // OpenID Connect Core §12.2: the nonce belongs to the sign-in, not to a refresh.
            let authorization = Authorization {
                nonce: None,
                ..grant.record.authorization
            };
            self.still_valid(&authorization)?;
            let response = self
                .issue_to_person(client, &authorization, "refresh_token")
                .await?;
            if self.sessions.apply(step).await? == Outcome::Done {
                return Ok(response.with_refresh_token(Some(next)));
            }
        }
        Err(Error::RefreshRefused)
    }

    /// RFC 7009 §2.1: a refresh token that is given back takes its grant with it.
    pub(crate) async fn revoke_grant(&self, client: &Client, token: &Secret) -> Result<(), Error> {
        let Some(stored) = self.sessions.load::<RefreshToken>(&token.digest()).await? else {
            return Ok(());
        };
        let id = stored.record.grant;
        let Some(grant) = self.sessions.load::<OfflineGrant>(&id).await? else {
            return Ok(());
        };
        if grant.record.authorization.client != client.id() {
            return Err(Error::TokenOfOtherClient);
        }
        self.end_grant(&id).await
    }

    /// A refresh token and its grant, if both are `client`'s and neither has ended.
    pub(crate) async fn open_refresh_token(
        &self,
        client: &Client,
        token: &Secret,
    ) -> Result<(Stored<RefreshToken>, Stored<OfflineGrant>), Error> {
        let stored = self.sessions.load::<RefreshToken>(&token.digest()).await?;
        let stored = stored.ok_or(Error::RefreshRefused)?;
        let id = stored.record.grant;
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

    /// The step in which the old token is used: the first time without a condition, again with the successor void.
    async fn take(
        &self,
        old: &Stored<RefreshToken>,
        grant: &Stored<OfflineGrant>,
    ) -> Result<Step, Error> {
        if !old.record.used {
            return Ok(Step::default());
        }
        if let Some(replaced) = &old.record.replaced
            && self.clock.now() < replaced.at + self.lifetimes.refresh_grace
        {
            let successor = self.sessions.load::<RefreshToken>(&replaced.by).await?;
            if let Some(successor) = successor.filter(|successor| !successor.record.used) {
                tracing::info!("a refresh token came again within the grace");
                return Step::default().replace(&successor, &successor.record.void());
            }
        }
        tracing::warn!(
            client = grant.record.authorization.client,
            "a refresh token was presented a second time"
        );
        self.end_grant(&old.record.grant).await?;
        Err(Error::RefreshRefused)
    }

    async fn end_grant(&self, id: &[u8]) -> Result<(), Error> {
        let step = Step::default().remove::<OfflineGrant>(id);
        self.sessions.apply(step).await.map(drop)
    }

    /// How long a token can wait for its use: never beyond its grant.
    fn idle_until(&self, grant_expires: OffsetDateTime) -> OffsetDateTime {
        let idle = self.lifetimes.refresh_idle;
        idle.map_or(grant_expires, |idle| {
            grant_expires.min(self.clock.now() + idle)
        })
    }
}

impl RefreshToken {
    const fn open(grant: [u8; 32], expires: OffsetDateTime) -> Self {
        Self {
            grant,
            expires,
            used: false,
            replaced: None,
        }
    }

    /// Used, with `next` in its place. The grace runs from the first use.
    fn replaced_by(&self, next: &Secret, now: OffsetDateTime) -> Self {
        let at = self.replaced.as_ref().map_or(now, |replaced| replaced.at);
        Self {
            used: true,
            replaced: Some(Replaced {
                by: next.digest(),
                at,
            }),
            ..self.clone()
        }
    }

    /// Used by nobody, and never to be used.
    fn void(&self) -> Self {
        Self {
            used: true,
            ..self.clone()
        }
    }
}
