use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::refusal::Shown;
use super::{Issuer, Visitor, answered, sign_in};
use crate::OidcIssuer;
use crate::authorize::Refusal;
use crate::error::Error;
use crate::login::{NewPassword, SignedIn};
use crate::page::{MessagePage, PasswordPage, render};
use crate::parameter::Parameters;
use crate::password::Password;

/// `GET /password`: the form for a new password. It asks for the old one, so nobody has to be signed in.
pub(crate) async fn show_password(State(issuer): Issuer, visitor: Visitor) -> Response {
    let page = async {
        let person = issuer.signed_in(visitor.session.as_ref()).await?;
        let email = person.map(|person| person.email).unwrap_or_default();
        form_page(&issuer, &visitor, email, None)
    };
    answered(&issuer, page.await)
}

/// `POST /password`.
pub(crate) async fn answer_password(
    State(issuer): Issuer,
    visitor: Visitor,
    body: Bytes,
) -> Response {
    let answer = async {
        let form = Parameters::parse(&body);
        match change(&issuer, &visitor, &form).await {
            Err(error) if error.is_for_the_form() => {
                let email = form.optional("email")?.unwrap_or_default();
                form_page(&issuer, &visitor, email.to_owned(), Some(error))
            }
            done => Ok(done?),
        }
    };
    answered(&issuer, answer.await)
}

async fn change(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    form: &Parameters,
) -> Result<Response, Error> {
    visitor.check_form(issuer, SUBJECT, form.optional("form_token")?)?;
    let typed = |name| {
        form.optional(name)
            .map(|text| text.unwrap_or_default().to_owned())
    };
    let new = NewPassword {
        password: Password::new(typed("new_password")?),
        again: Password::new(typed("again")?),
        code: typed("second")?,
    };
    let mut attempt = sign_in(visitor, form)?;
    attempt.connector = None;
    let SignedIn { session, known, .. } = issuer.change_password(attempt, new).await?;
    let page = MessagePage::done(
        &issuer.shell,
        "Password changed",
        "You are signed in with the new one. Everywhere else you have to sign in again.",
    );
    let page = render(&page, StatusCode::OK, None)?;
    Ok(visitor.keep_login(issuer, page, &session, known.as_deref()))
}

fn form_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    email: String,
    error: Option<Error>,
) -> Result<Response, Refusal> {
    let failure = error.map(|error| Shown::new(issuer, error));
    let page = PasswordPage {
        shell: &issuer.shell,
        form_token: visitor.form_token(issuer, SUBJECT),
        email,
        error: failure.as_ref().map(|failure| failure.sentence.clone()),
    };
    let status = failure
        .as_ref()
        .map_or(StatusCode::OK, |failure| failure.status);
    let response = visitor.introduce(render(&page, status, None)?);
    Ok(match failure {
        Some(failure) => failure.mark(response),
        None => response,
    })
}

const SUBJECT: &str = "password";
