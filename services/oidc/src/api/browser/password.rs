use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::own_form::{self, Filled, OwnForm};
use super::{Issuer, Visitor};
use crate::OidcIssuer;
use crate::error::Error;
use crate::login::NewPassword;
use crate::page::{PasswordPage, render};
use crate::parameter::Parameters;
use crate::password::Password;

/// `GET /password`: the form for a new password.
pub(crate) async fn show_password(State(issuer): Issuer, visitor: Visitor) -> Response {
    FORM.show(&issuer, &visitor).await
}

/// `POST /password`.
pub(crate) async fn answer_password(
    State(issuer): Issuer,
    visitor: Visitor,
    body: Bytes,
) -> Response {
    let form = Parameters::parse(&body);
    let done = change(&issuer, &visitor, &form).await;
    FORM.answer(&issuer, &visitor, &form, done)
}

async fn change(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    form: &Parameters,
) -> Result<Response, Error> {
    FORM.check(issuer, visitor, form)?;
    let typed = |name| {
        form.optional(name)
            .map(|text| text.unwrap_or_default().to_owned())
    };
    let new = NewPassword {
        password: Password::new(typed("new_password")?),
        again: Password::new(typed("again")?),
        code: typed("second")?,
    };
    let attempt = own_form::attempt(visitor, form)?;
    let signed_in = issuer.change_password(attempt, new).await?;
    let text = "You are signed in with the new one. Everywhere else you have to sign in again.";
    own_form::done(issuer, visitor, signed_in, "Password changed", text)
}

fn page(filled: Filled<'_>, status: StatusCode) -> Result<Response, Error> {
    let page = PasswordPage {
        shell: filled.shell,
        form_token: filled.form_token,
        email: filled.email,
        error: filled.error,
    };
    render(&page, status, None)
}

const FORM: OwnForm = OwnForm {
    subject: "password",
    page,
};
