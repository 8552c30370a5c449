use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::own_form::{self, Filled, OwnForm};
use super::refusal::{Shown, marked, status};
use super::{Issuer, Visitor, see_other};
use crate::OidcIssuer;
use crate::error::Error;
use crate::half_sign_in::Rest;
use crate::login::{Half, SignedIn};
use crate::page::{CodeAskedPage, EnrolmentPage, SecondFactorPage, SharedSecret, render};
use crate::parameter::Parameters;
use crate::second_factor::{Enrolment, Missing};
use crate::secret::Secret;

/// A form that asks for a code: what it is about, and where the answer to it may lead.
pub(super) struct Form<'a> {
    pub(super) subject: &'a str,
    pub(super) targets: Option<String>,
}

/// What came of a code.
pub(super) enum Verified {
    Wholly(SignedIn),
    /// The page again, which says why not.
    Not(Response),
}

/// The page for what is missing beside the password.
pub(super) fn ask(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    form: Form<'_>,
    half: &Half,
    error: Option<Error>,
) -> Result<Response, Error> {
    let failure = error.map(|error| Shown::new(issuer, error));
    let status = status(failure.as_ref());
    let sentence = failure.as_ref().map(|failure| failure.sentence.clone());
    let form_token = visitor.form_token(issuer, form.subject);
    let (shell, email) = (&issuer.shell, half.email.as_str());
    let response = match half.missing {
        Missing::Code => {
            let page = CodeAskedPage {
                shell,
                form_token,
                half: half.secret.as_str(),
                email,
                error: sentence,
            };
            render(&page, status, form.targets)?
        }
        Missing::Enrolment => {
            let enrolment = Enrolment::of(&half.secret, &issuer.forms);
            let page = EnrolmentPage {
                shell,
                form_token,
                half: half.secret.as_str(),
                email,
                shared: SharedSecret::of(&enrolment, shell, email)?,
                recovery: enrolment.recovery,
                error: sentence,
            };
            render(&page, status, form.targets)?
        }
    };
    Ok(marked(response, failure))
}

/// The answer to such a page, whose form token was checked. A code that is wrong is asked for again.
pub(super) async fn verify(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    asked: Form<'_>,
    form: &Parameters,
) -> Result<Verified, Error> {
    let half = form.optional("half")?.and_then(Secret::presented);
    let half = half.ok_or(Error::FormStale)?;
    let rest = Rest {
        half: Some(half.clone()),
        code: form.optional("second")?.unwrap_or_default().to_owned(),
        browser: visitor.browser.clone(),
        known: visitor.known.clone(),
        address: visitor.address,
    };
    match issuer.finish_sign_in(rest).await {
        Ok(signed_in) => Ok(Verified::Wholly(signed_in)),
        Err(error @ (Error::CodeWrong | Error::Throttled { .. } | Error::Busy)) => {
            let half = issuer.half(half, &visitor.browser).await?;
            let page = ask(issuer, visitor, asked, &half, Some(error))?;
            Ok(Verified::Not(page))
        }
        Err(error) => Err(error),
    }
}

/// `GET /second-factor`: the form for another second factor.
pub(crate) async fn show_second_factor(State(issuer): Issuer, visitor: Visitor) -> Response {
    FORM.show(&issuer, &visitor).await
}

/// `POST /second-factor`.
pub(crate) async fn answer_second_factor(
    State(issuer): Issuer,
    visitor: Visitor,
    body: Bytes,
) -> Response {
    let form = Parameters::parse(&body);
    let done = act(&issuer, &visitor, &form).await;
    FORM.answer(&issuer, &visitor, &form, done)
}

async fn act(issuer: &OidcIssuer, visitor: &Visitor, form: &Parameters) -> Result<Response, Error> {
    FORM.check(issuer, visitor, form)?;
    let code = form.optional("second")?.unwrap_or_default();
    let attempt = || own_form::attempt(visitor, form);
    match form.required("action")? {
        "set-up" => {
            let half = issuer.begin_enrolment(attempt()?, code).await?;
            ask(issuer, visitor, ASKED, &half, None)
        }
        "verify" => match verify(issuer, visitor, ASKED, form).await? {
            Verified::Not(page) => Ok(page),
            Verified::Wholly(signed_in) => own_form::done(
                issuer,
                visitor,
                signed_in,
                "Second factor is on",
                "You are signed in. Everywhere else you have to sign in again, with a code of the app.",
            ),
        },
        "turn-off" => {
            let signed_in = issuer.end_second_factor(attempt()?, code).await?;
            let text = "You are signed in. From now on the password alone is asked for.";
            own_form::done(issuer, visitor, signed_in, "Second factor is off", text)
        }
        "cancel" => Ok(see_other(&format!("{}/", issuer.issuer.path()))),
        _ => Err(Error::FormStale),
    }
}

fn page(filled: Filled<'_>, status: StatusCode) -> Result<Response, Error> {
    let page = SecondFactorPage {
        shell: filled.shell,
        form_token: filled.form_token,
        email: filled.email,
        error: filled.error,
    };
    render(&page, status, None)
}

const SUBJECT: &str = "second-factor";
const FORM: OwnForm = OwnForm {
    subject: SUBJECT,
    page,
};
const ASKED: Form<'_> = Form {
    subject: SUBJECT,
    targets: None,
};
