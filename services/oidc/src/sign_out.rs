use std::sync::Arc;

use crate::OidcIssuer;
use crate::client::{Client, RedirectUri};
use crate::error::Error;
use crate::own_token::OwnToken;
use crate::parameter::Parameters;
use crate::person::Person;

/// An application's request to sign a person out (RP-Initiated Logout 1.0 §2). Nothing in it is needed.
pub(crate) struct SignOutRequest {
    pub(crate) client: Option<Arc<Client>>,
    pub(crate) redirect: Option<RedirectUri>,
    state: Option<String>,
    hint: Option<OwnToken>,
}

impl OidcIssuer {
    /// Checks a request. Whoever is sent on afterwards goes to an address that is the client's, or nowhere.
    pub(crate) fn sign_out_request(&self, query: &str) -> Result<SignOutRequest, Error> {
        let parameters = Parameters::parse(query.as_bytes());
        let hint = parameters.optional("id_token_hint")?;
        let hint = hint.map(|hint| self.hint(hint)).transpose()?;
        let client = match parameters.optional("client_id")? {
            Some(id) => Some(self.clients.find(id)?),
            // The audience of a token may be one that several clients share, or none's name.
            None => hint
                .as_ref()
                .and_then(|hint| self.clients.find(&hint.aud).ok()),
        };
        if let (Some(client), Some(hint)) = (&client, &hint)
            && client.audience() != hint.aud
        {
            return Err(Error::ParameterInvalid {
                name: "client_id",
                reason: "the id_token_hint is of another client",
            });
        }
        let redirect = match (parameters.optional("post_logout_redirect_uri")?, &client) {
            (None, _) => None,
            (Some(uri), Some(client)) => Some(client.sign_out_redirect(uri)?),
            (Some(_), None) => return Err(Error::ParameterMissing { name: "client_id" }),
        };
        Ok(SignOutRequest {
            client,
            redirect,
            state: parameters.carried("state")?,
            hint,
        })
    }

    /// A token that has expired is as good: it says who was meant.
    fn hint(&self, text: &str) -> Result<OwnToken, Error> {
        self.signed_by_us(text)
            .map_err(|_| Error::ParameterInvalid {
                name: "id_token_hint",
                reason: "it is no token of this issuer, or of a key that is gone",
            })
    }
}

impl SignOutRequest {
    /// Whether the person is to be asked. Any page of the web can send a browser here; only an application that the
    /// person signed in to has a token of theirs.
    pub(crate) fn asks(&self, person: &Person) -> bool {
        let names = |hint: &OwnToken| hint.sub == person.subject;
        !self.hint.as_ref().is_some_and(names)
    }

    /// Where the browser goes afterwards.
    pub(crate) fn destination(&self) -> Option<String> {
        let state = self.state.as_deref().map(|state| ("state", state));
        let answer: Vec<_> = state.into_iter().collect();
        self.redirect.as_ref()?.with(&answer)
    }
}
