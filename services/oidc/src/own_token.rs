use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::OidcIssuer;
use crate::error::Error;
use crate::secret::sha256;
use crate::session::{Outcome, RevokedToken, Step};
use crate::user::User;

/// A token that this issuer signed, as somebody shows it again.
#[derive(Debug, Deserialize)]
pub(crate) struct OwnToken {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
    pub(crate) email: Option<String>,
    auth_time: Option<i64>,
    /// What else it says.
    #[serde(flatten)]
    pub(crate) further: serde_json::Map<String, serde_json::Value>,
}

/// The header of a token (RFC 7515 §4.1).
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

impl OidcIssuer {
    /// The token that `text` is, if it counts still: it has not expired and was not revoked, and its person has the account
    /// and the password of then, or its workload is one of a client.
    pub(crate) async fn own_token(&self, text: &str) -> Result<OwnToken, Error> {
        let token = self.signed_by_us(text)?;
        let expired = token.exp <= self.clock.now().unix_timestamp();
        let id = token.id();
        let revoked = self.sessions.load::<RevokedToken>(&id).await?.is_some();
        let holds = match &token.email {
            Some(email) => match token.connector() {
                Some(id) => self.connectors.has(id) && self.users.find(email).is_none(),
                None => token.is_of(self.users.find(email).as_ref()),
            },
            None => self.clients.have_workload(&token.sub),
        };
        if expired || revoked || !holds {
            return Err(Error::TokenRefused);
        }
        Ok(token)
    }

    /// The token that `text` is, whatever became of it since.
    pub(crate) fn signed_by_us(&self, text: &str) -> Result<OwnToken, Error> {
        let now = self.clock.now();
        let read = || {
            let (signed, signature) = text.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.')?;
            let header: Header = decoded(header)?;
            let keys = self.keys.open_keys(now);
            let key = keys.iter().find(|key| key.key.id() == header.kid)?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            let ours = header.alg == "RS256" && key.key.signed(signed.as_bytes(), &signature);
            let token: OwnToken = ours.then(|| decoded(payload))??;
            (token.iss == self.issuer.as_str()).then_some(token)
        };
        read().ok_or(Error::TokenRefused)
    }

    /// Has a token count no more here. Whoever verifies tokens by their signature alone, as the certificate authority
    /// does, learns nothing of it.
    pub(crate) async fn revoke_token(&self, token: &OwnToken) -> Result<(), Error> {
        let expires = time::OffsetDateTime::from_unix_timestamp(token.exp)
            .map_err(|_| Error::TokenRefused)?;
        let step = Step::default().create(&token.id(), &RevokedToken { expires })?;
        match self.sessions.apply(step).await? {
            // Somebody revoked it before.
            Outcome::Done | Outcome::Overtaken => Ok(()),
        }
    }
}

impl OwnToken {
    fn id(&self) -> [u8; 32] {
        sha256(self.jti.as_bytes())
    }

    /// Where the account of the token's person is, if it is elsewhere.
    fn connector(&self) -> Option<&str> {
        self.further
            .get("federated_claims")?
            .get("connector_id")?
            .as_str()
    }

    /// A new password ends what came from the old one. The token says when the person signed in, in whole seconds.
    fn is_of(&self, user: Option<&User>) -> bool {
        let since = |user: &User| user.password_set.unix_timestamp();
        user.is_some_and(|user| {
            user.subject == self.sub && self.auth_time.is_some_and(|at| at >= since(user))
        })
    }
}

fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}
