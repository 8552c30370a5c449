use std::sync::Arc;

use sigstead_config::oidc::Grant;
use time::OffsetDateTime;

use crate::OidcIssuer;
use crate::challenge::CodeChallenge;
use crate::client::{Client, RedirectUri};
use crate::error::Error;
use crate::parameter::Parameters;
use crate::person::Person;
use crate::secret::Secret;
use crate::session::{Authorization, AuthorizationCode, Outcome, Step};

/// A checked authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect: RedirectUri,
    pub(crate) login_hint: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    challenge: CodeChallenge,
    offline: bool,
    groups: bool,
    prompt: Prompt,
    max_age: Option<time::Duration>,
}

/// How a refusal reaches the client or the person.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// On a page: client or redirect URI are wrong, and the browser must not be sent anywhere.
    Shown(Error),
    /// By redirect (RFC 6749 §4.1.2.1).
    Redirected {
        /// Where the browser goes, with the error in the query.
        location: String,
        /// For the log and the metrics.
        error: Error,
    },
}

/// How an authorization request is answered (RFC 6749 §4.1.2).
#[derive(Debug)]
pub(crate) enum AuthorizationResponse {
    Redirect(String),
    /// For the out-of-band redirect URI: the page shows it.
    Code(String),
}

/// What has to happen before the answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    SignIn,
    Confirm(Person),
    None(Person),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prompt {
    AsNeeded,
    None,
    Login,
    Confirm,
}

impl OidcIssuer {
    /// Checks a request. Until the redirect URI is known to be the client's, refusals are shown.
    pub(crate) fn authorization_request(
        &self,
        query: &str,
    ) -> Result<AuthorizationRequest, Refusal> {
        let parameters = Parameters::parse(query.as_bytes());
        let destination = || {
            let client = self.clients.find(parameters.required("client_id")?)?;
            let redirect = client.redirect(parameters.required("redirect_uri")?)?;
            Ok((client, redirect))
        };
        let (client, redirect) = destination().map_err(Refusal::Shown)?;
        // A state that was sent twice cannot be given back; the error then goes without one.
        let state = parameters.carried("state").ok().flatten();
        AuthorizationRequest::parse(client, redirect.clone(), &parameters)
            .map_err(|error| self.refuse(&redirect, state.as_deref(), error))
    }

    /// Whether the person signs in, confirms, or is already known well enough.
    pub(crate) fn interaction(
        &self,
        request: &AuthorizationRequest,
        signed_in: Option<Person>,
    ) -> Result<Interaction, Refusal> {
        let now = self.clock.now();
        match request.interaction(signed_in, now) {
            Ok(interaction) => Ok(interaction),
            Err(error) => Err(self.refuse_request(request, error)),
        }
    }

    /// The verb: a person who signed in and a checked request make a code, bound to both.
    pub(crate) async fn authorize(
        &self,
        request: &AuthorizationRequest,
        person: Person,
    ) -> Result<AuthorizationResponse, Error> {
        let code = Secret::random()?;
        let record = AuthorizationCode {
            authorization: Authorization {
                client: request.client.id().to_owned(),
                nonce: request.nonce.clone(),
                offline: request.offline && person.is_ours(),
                groups: request.groups,
                person,
            },
            redirect_uri: request.redirect.as_str().to_owned(),
            challenge: request.challenge.clone(),
            expires: self.clock.now() + self.lifetimes.code(&request.redirect),
            redeemed: false,
        };
        let step = Step::default().create(&code.digest(), &record)?;
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(self.respond(request, &code)),
            Outcome::Overtaken => Err(Error::Busy),
        }
    }

    pub(crate) fn refuse_request(&self, request: &AuthorizationRequest, error: Error) -> Refusal {
        self.refuse(&request.redirect, request.state.as_deref(), error)
    }

    fn respond(&self, request: &AuthorizationRequest, code: &Secret) -> AuthorizationResponse {
        let mut answer = vec![("code", code.as_str())];
        answer.extend(request.state.as_deref().map(|state| ("state", state)));
        // RFC 9207: lets a client that knows several issuers see which one answers.
        answer.push(("iss", self.issuer.as_str()));
        match request.redirect.with(&answer) {
            Some(location) => AuthorizationResponse::Redirect(location),
            None => AuthorizationResponse::Code(code.as_str().to_owned()),
        }
    }

    fn refuse(&self, redirect: &RedirectUri, state: Option<&str>, error: Error) -> Refusal {
        let row = error.row();
        let description = format!("{}: {}", row.code, error.sentence());
        let mut answer = vec![
            ("error", row.oauth),
            ("error_description", description.as_str()),
        ];
        answer.extend(state.map(|state| ("state", state)));
        answer.push(("iss", self.issuer.as_str()));
        match redirect.with(&answer) {
            Some(location) => Refusal::Redirected { location, error },
            None => Refusal::Shown(error),
        }
    }
}

impl AuthorizationRequest {
    fn parse(
        client: Arc<Client>,
        redirect: RedirectUri,
        parameters: &Parameters,
    ) -> Result<Self, Error> {
        client.may(Grant::AuthorizationCode)?;
        refuse_what_is_not_offered(parameters)?;
        let scope = Scope::parse(parameters)?;
        Ok(Self {
            challenge: CodeChallenge::required(parameters)?,
            state: parameters.carried("state")?,
            nonce: parameters.carried("nonce")?,
            offline: scope.offline && client.may(Grant::RefreshToken).is_ok(),
            groups: scope.groups || client.gives_groups(),
            prompt: Prompt::parse(parameters)?,
            max_age: max_age(parameters)?,
            login_hint: parameters.carried("login_hint")?,
            client,
            redirect,
        })
    }

    /// Whether somebody who is signed in has to do so again, also where their account is.
    pub(crate) fn demands_sign_in(&self) -> bool {
        self.prompt == Prompt::Login || self.max_age.is_some()
    }

    fn interaction(
        &self,
        signed_in: Option<Person>,
        now: OffsetDateTime,
    ) -> Result<Interaction, Error> {
        let fresh = |person: &Person| self.max_age.is_none_or(|age| now - person.auth_time <= age);
        let person = signed_in.filter(|person| self.prompt != Prompt::Login && fresh(person));
        let Some(person) = person else {
            let silent = self.prompt == Prompt::None;
            return if silent {
                Err(Error::LoginRequired)
            } else {
                Ok(Interaction::SignIn)
            };
        };
        // RFC 8252 §8.6: anything on the person's computer can ask in the name of a public client,
        // and would be answered behind the person's back. A client that will prove who it is may
        // pass.
        let identified = self.client.has_secret();
        match self.prompt {
            Prompt::None | Prompt::AsNeeded if identified => Ok(Interaction::None(person)),
            Prompt::None => Err(Error::InteractionRequired),
            _ => Ok(Interaction::Confirm(person)),
        }
    }
}

/// The part of the scope that matters here; unknown values are ignored (OpenID Connect Core §3.1.2.1).
pub(crate) struct Scope {
    pub(crate) offline: bool,
    pub(crate) groups: bool,
}

impl Scope {
    pub(crate) fn parse(parameters: &Parameters) -> Result<Self, Error> {
        let scope = parameters.required("scope")?;
        let has = |word| scope.split(' ').any(|given| given == word);
        if has("openid") {
            Ok(Self {
                offline: has("offline_access"),
                groups: has("groups"),
            })
        } else {
            Err(Error::ScopeInvalid)
        }
    }
}

impl Prompt {
    fn parse(parameters: &Parameters) -> Result<Self, Error> {
        let words: Vec<_> = parameters
            .optional("prompt")?
            .unwrap_or("")
            .split(' ')
            .collect();
        match words.as_slice() {
            [""] => Ok(Self::AsNeeded),
            ["none"] => Ok(Self::None),
            words if words.contains(&"none") => Err(Error::ParameterInvalid {
                name: "prompt",
                reason: "none stands alone or not at all",
            }),
            words if words.contains(&"login") || words.contains(&"select_account") => {
                Ok(Self::Login)
            }
            _ => Ok(Self::Confirm),
        }
    }
}

fn refuse_what_is_not_offered(parameters: &Parameters) -> Result<(), Error> {
    if parameters.required("response_type")? != "code" {
        return Err(Error::ResponseTypeUnsupported);
    }
    let reason = "it is not offered";
    for name in ["request", "request_uri", "registration"] {
        if parameters.optional(name)?.is_some() {
            return Err(Error::ParameterInvalid { name, reason });
        }
    }
    match parameters.optional("response_mode")? {
        None | Some("query") => Ok(()),
        Some(_) => Err(Error::ParameterInvalid {
            name: "response_mode",
            reason,
        }),
    }
}

fn max_age(parameters: &Parameters) -> Result<Option<time::Duration>, Error> {
    let invalid = Error::ParameterInvalid {
        name: "max_age",
        reason: "it is not in seconds",
    };
    match parameters.optional("max_age")?.map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(seconds)) => Ok(Some(time::Duration::seconds(seconds.into()))),
        Some(Err(_)) => Err(invalid),
    }
}
