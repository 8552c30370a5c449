use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::refusal::Shown;
use super::{Issuer, Visitor, answered, see_other, sign_in};
use crate::OidcIssuer;
use crate::authorize::Refusal;
use crate::error::Error;
use crate::half_sign_in::Rest;
use crate::login::{Half, SignedIn};
use crate::page::{
    CodeAskedPage, EnrolmentPage, MessagePage, SecondFactorPage, SharedSecret, render,
};
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
    let status = failure.as_ref().map_or(StatusCode::OK, |it| it.status);
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
    Ok(match failure {
        Some(failure) => failure.mark(response),
        None => response,
    })
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

/// `GET /second-factor`: the form for another second factor. It asks for the password, so nobody has to be signed in.
pub(crate) async fn show_second_factor(State(issuer): Issuer, visitor: Visitor) -> Response {
    let page = async {
        let person = issuer.signed_in(visitor.session.as_ref()).await?;
        let email = person.map(|person| person.email).unwrap_or_default();
        form_page(&issuer, &visitor, email, None)
    };
    answered(&issuer, page.await)
}

/// `POST /second-factor`.
pub(crate) async fn answer_second_factor(
    State(issuer): Issuer,
    visitor: Visitor,
    body: Bytes,
) -> Response {
    let answer = async {
        let form = Parameters::parse(&body);
        match act(&issuer, &visitor, &form).await {
            Err(error) if error.is_for_the_form() => {
                let email = form.optional("email")?.unwrap_or_default();
                form_page(&issuer, &visitor, email.to_owned(), Some(error))
            }
            done => Ok(done?),
        }
    };
    answered(&issuer, answer.await)
}

async fn act(issuer: &OidcIssuer, visitor: &Visitor, form: &Parameters) -> Result<Response, Error> {
    visitor.check_form(issuer, SUBJECT, form.optional("form_token")?)?;
    let code = form.optional("second")?.unwrap_or_default();
    let attempt = || {
        let mut attempt = sign_in(visitor, form)?;
        attempt.connector = None;
        Ok::<_, Error>(attempt)
    };
    match form.required("action")? {
        "set-up" => {
            let half = issuer.begin_enrolment(attempt()?, code).await?;
            ask(issuer, visitor, OWN_FORM, &half, None)
        }
        "verify" => match verify(issuer, visitor, OWN_FORM, form).await? {
            Verified::Not(page) => Ok(page),
            Verified::Wholly(signed_in) => done(
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
            done(issuer, visitor, signed_in, "Second factor is off", text)
        }
        "cancel" => Ok(see_other(&format!("{}/", issuer.issuer.path()))),
        _ => Err(Error::FormStale),
    }
}

fn done(
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

fn form_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    email: String,
    error: Option<Error>,
) -> Result<Response, Refusal> {
    let failure = error.map(|error| Shown::new(issuer, error));
    let page = SecondFactorPage {
        shell: &issuer.shell,
        form_token: visitor.form_token(issuer, SUBJECT),
        email,
        error: failure.as_ref().map(|failure| failure.sentence.clone()),
    };
    let status = failure.as_ref().map_or(StatusCode::OK, |it| it.status);
    let response = visitor.introduce(render(&page, status, None)?);
    Ok(match failure {
        Some(failure) => failure.mark(response),
        None => response,
    })
}

const SUBJECT: &str = "second-factor";
const OWN_FORM: Form<'_> = Form {
    subject: SUBJECT,
    targets: None,
};
