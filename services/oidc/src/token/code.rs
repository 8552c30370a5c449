use sigstead_config::oidc::Grant;

use super::{NewGrant, TokenResponse};
use crate::OidcIssuer;
use crate::client::Client;
use crate::error::Error;
use crate::parameter::Parameters;
use crate::secret::Secret;
use crate::session::{AuthorizationCode, OfflineGrant, Outcome, Step, Stored};

impl OidcIssuer {
    /// RFC 6749 §4.1.3: a code is redeemed once, by the client, with the redirect URI and for the
    /// verifier that it is bound to. A caller that shows a code and cannot say the rest has found it
    /// somewhere, and so ends it. The token is signed before the code is used up, so that a key that fails costs nobody
    /// the sign-in.
    ///
    /// A missing verifier is a wrong one, not a missing parameter: by RFC 7636 §4.6 what does not
    /// answer the challenge is `invalid_grant`, and RFC 9700 §2.1.1 has the server enforce the
    /// verifier of every code that was issued for a challenge, as all of ours are.
    pub(super) async fn redeem_code(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<TokenResponse, Error> {
        client.may(Grant::AuthorizationCode)?;
        let presented = parameters.required("code")?;
        let redirect_uri = parameters.required("redirect_uri")?;
        let verifier = parameters.optional("code_verifier")?.unwrap_or_default();
        let code = Secret::presented(presented).ok_or(Error::CodeUnknown)?;
        let stored = self
            .sessions
            .load::<AuthorizationCode>(&code.digest())
            .await?;
        let stored = stored.ok_or(Error::CodeUnknown)?;
        if stored.record.redeemed {
            return Err(self.revoke_replayed(&code).await);
        }
        if stored.record.expires <= self.clock.now() {
            return Err(Error::CodeExpired);
        }
        let step = redeemed(&stored)?;
        if let Err(error) = stored.record.check(client, redirect_uri, verifier) {
            self.redeem_once(&code, step).await?;
            return Err(error);
        }
        let authorization = &stored.record.authorization;
        self.still_valid(authorization)?;
        let response = self
            .issue_to_person(client, authorization, "authorization_code")
            .await?;
        let grant = authorization
            .offline
            .then(|| self.new_grant(&code, authorization));
        let (step, refresh) = NewGrant::add_to(grant.transpose()?, step)?;
        self.redeem_once(&code, step).await?;
        Ok(response.with_refresh_token(refresh))
    }

    /// Of two redemptions at once one is the replay.
    async fn redeem_once(&self, code: &Secret, step: Step) -> Result<(), Error> {
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(()),
            Outcome::Overtaken => Err(self.revoke_replayed(code).await),
        }
    }

    /// RFC 6749 §4.1.2: what came from a code that is shown twice is revoked, because one of the two
    /// who know it should not.
    async fn revoke_replayed(&self, code: &Secret) -> Error {
        tracing::warn!("a code was presented a second time");
        let step = Step::default().remove::<OfflineGrant>(&code.digest());
        match self.sessions.apply(step).await {
            Ok(_) => Error::CodeReplayed,
            Err(error) => error,
        }
    }
}

impl AuthorizationCode {
    fn check(&self, client: &Client, redirect_uri: &str, verifier: &str) -> Result<(), Error> {
        if self.authorization.client != client.id() {
            return Err(Error::CodeOfOtherClient);
        }
        if self.redirect_uri != redirect_uri {
            return Err(Error::RedirectDiffers);
        }
        if !self.challenge.is_answered_by(verifier) {
            return Err(Error::VerifierWrong);
        }
        Ok(())
    }
}

fn redeemed(stored: &Stored<AuthorizationCode>) -> Result<Step, Error> {
    let record = AuthorizationCode {
        redeemed: true,
        ..stored.record.clone()
    };
    Step::default().replace(stored, &record)
}
