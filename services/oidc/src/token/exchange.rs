use serde::Serialize;
use sigstead_config::oidc::Grant;
use sigstead_identity::Principal;

use crate::OidcIssuer;
use crate::claims::{Federated, Holder, IdToken};
use crate::client::Client;
use crate::error::Error;
use crate::parameter::Parameters;
use crate::session::{Outcome, Step, UsedToken};

/// RFC 8693 §2.2.1. The token is there twice more, under the names that other grants have for it.
#[derive(Serialize)]
pub(crate) struct ExchangeResponse {
    access_token: IdToken,
    id_token: IdToken,
    issued_token_type: &'static str,
    token_type: &'static str,
    expires_in: i64,
}

/// What of a request says something (RFC 8693 §2.1).
struct Asked<'a> {
    subject_token: &'a str,
    /// The kind of the answer, which is one token in any case.
    kind: &'static str,
}

impl OidcIssuer {
    /// The verb of RFC 8693: a token of an issuer that the operator trusts, and that the client's own rules let act for it,
    /// becomes a token of the client's workload. It ends no later than the other.
    ///
    /// 1. The request asks for what there is.
    /// 2. The issuers verify the token, as the certificate authority does, and their rules and the client's judge it.
    /// 3. The token of the workload is signed.
    /// 4. A token that is good for one use is used up, before anybody sees the other. A key that fails costs nobody the use.
    pub(super) async fn exchange(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<ExchangeResponse, Error> {
        client.may(Grant::TokenExchange)?;
        let asked = Asked::parse(parameters, client)?;
        let workload = client.workload().ok_or(Error::GrantForbidden)?;
        let now = self.clock.now();
        let (bearer, until) = self
            .subject_issuers
            .verify(asked.subject_token, now, client.exchange_rules())
            .await?;
        let holder = Holder::Workload {
            claims: &workload.claims,
            federated_claims: Some(Federated {
                connector_id: bearer.issuer(),
                user_id: bearer.subject(),
            }),
        };
        let (subject, grant) = (&workload.subject, "token_exchange");
        tracing::info!(
            subject,
            client = client.id(),
            issuer = bearer.issuer(),
            bearer = bearer.san().value(),
            grant,
            "issuing a token"
        );
        let (token, expires_in) = self
            .sign(client, subject, holder, Some(until), grant)
            .await?;
        self.use_up(&bearer).await?;
        Ok(ExchangeResponse {
            access_token: token.clone(),
            id_token: token,
            issued_token_type: asked.kind,
            // §2.2.1: what is no access token is of no type that a request could carry.
            token_type: if asked.kind == ACCESS_TOKEN {
                "Bearer"
            } else {
                "N_A"
            },
            expires_in,
        })
    }

    async fn use_up(&self, bearer: &Principal) -> Result<(), Error> {
        let Some(single) = bearer.single_use() else {
            return Ok(());
        };
        let record = UsedToken {
            expires: single.until,
        };
        let step = Step::default().create(&single.digest, &record)?;
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(()),
            Outcome::Overtaken => Err(Error::SubjectTokenUsed),
        }
    }
}

impl<'a> Asked<'a> {
    fn parse(parameters: &'a Parameters, client: &Client) -> Result<Self, Error> {
        // A token that acts for another would have to say so, and no certificate could.
        for name in ["actor_token", "actor_token_type"] {
            if parameters.optional(name)?.is_some() {
                let reason = "delegation is not offered";
                return Err(Error::ParameterInvalid { name, reason });
            }
        }
        let other = |audience: &str| audience != client.audience();
        if parameters.optional("resource")?.is_some()
            || parameters.optional("audience")?.is_some_and(other)
        {
            return Err(Error::TargetInvalid);
        }
        match parameters.required("subject_token_type")? {
            ID_TOKEN | JWT => {}
            _ => {
                return Err(Error::ParameterInvalid {
                    name: "subject_token_type",
                    reason: "only id_token and jwt are taken",
                });
            }
        }
        let kind = match parameters.optional("requested_token_type")? {
            None | Some(ID_TOKEN) => ID_TOKEN,
            Some(ACCESS_TOKEN) => ACCESS_TOKEN,
            Some(JWT) => JWT,
            Some(_) => {
                return Err(Error::ParameterInvalid {
                    name: "requested_token_type",
                    reason: "only id_token, access_token and jwt are given",
                });
            }
        };
        Ok(Self {
            subject_token: parameters.required("subject_token")?,
            kind,
        })
    }
}

/// RFC 8693 §2.1.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
