//! The forms of a person's own password and second factor. They ask for the password of now, so nobody has to be signed in.

use axum::response::Response;
use http::StatusCode;

use super::refusal::{Shown, marked, status};
use super::{Visitor, answered, sign_in};
use crate::OidcIssuer;
use crate::authorize::Refusal;
use crate::error::Error;
use crate::login::{SignIn, SignedIn};
use crate::page::{MessagePage, Shell, render};
use crate::parameter::Parameters;

/// One of these forms.
pub(super) struct OwnForm {
    /// What its form token is about.
    pub(super) subject: &'static str,
    /// Its page.
    pub(super) page: fn(Filled<'_>, StatusCode) -> Result<Response, Error>,
}

/// What every page of such a form shows.
pub(super) struct Filled<'a> {
    pub(super) shell: &'a Shell,
    pub(super) form_token: String,
    pub(super) email: String,
    /// Why what was sent before did nothing.
    pub(super) error: Option<String>,
}

impl OwnForm {
    /// The page, with the address of who is signed in.
    pub(super) async fn show(&self, issuer: &OidcIssuer, visitor: &Visitor) -> Response {
        let page = async {
            let person = issuer.signed_in(visitor.session.as_ref()).await?;
            let email = person.map(|person| person.email).unwrap_or_default();
            self.filled(issuer, visitor, email, None)
        };
        answered(issuer, page.await)
    }

    /// The answer to `form`: what was `done`, or the page again, which says why it was not.
    pub(super) fn answer(
        &self,
        issuer: &OidcIssuer,
        visitor: &Visitor,
        form: &Parameters,
        done: Result<Response, Error>,
    ) -> Response {
        let again = |error| {
            let email = form.optional("email")?.unwrap_or_default().to_owned();
            self.filled(issuer, visitor, email, Some(error))
        };
        let answer = match done {
            Err(error) if error.is_for_the_form() => again(error),
            done => done.map_err(Refusal::from),
        };
        answered(issuer, answer)
    }

    /// Whether `form` was shown to this visitor.
    pub(super) fn check(
        &self,
        issuer: &OidcIssuer,
        visitor: &Visitor,
        form: &Parameters,
    ) -> Result<(), Error> {
        visitor.check_form(issuer, self.subject, form.optional("form_token")?)
    }

    fn filled(
        &self,
        issuer: &OidcIssuer,
        visitor: &Visitor,
        email: String,
        error: Option<Error>,
    ) -> Result<Response, Refusal> {
        let failure = error.map(|error| Shown::new(issuer, error));
        let filled = Filled {
            shell: &issuer.shell,
            form_token: visitor.form_token(issuer, self.subject),
            email,
            error: failure.as_ref().map(|failure| failure.sentence.clone()),
        };
        let page = (self.page)(filled, status(failure.as_ref()))?;
        Ok(marked(visitor.introduce(page), failure))
    }
}

/// The password of now, which this issuer has and no other.
pub(super) fn attempt(visitor: &Visitor, form: &Parameters) -> Result<SignIn, Error> {
    let mut attempt = sign_in(visitor, form)?;
    attempt.connector = None;
    Ok(attempt)
}

/// Says what was done; whoever did it is signed in.
pub(super) fn done(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    signed_in: SignedIn,
    heading: &str,
    text: &str,
) -> Result<Response, Error> {
    let page = MessagePage::done(&issuer.shell, heading, text);
    let page = render(&page, StatusCode::OK, None)?;
    let SignedIn { session, known, .. } = signed_in;
    Ok(visitor.keep_login(issuer, page, &session, known.as_deref()))
}
