use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::Issuer;
use super::visitor::Visitor;
use crate::OidcIssuer;
use crate::authorize::{AuthorizationRequest, AuthorizationResponse, Interaction, Refusal};
use crate::error::Error;
use crate::login::{Entered, SignIn, SignedIn};
use crate::page::{
    Application, Asker, CodePage, ConfirmPage, HomePage, Places, SignInPage, render,
};
use crate::parameter::Parameters;
use crate::password::Password;
use crate::person::Person;
use crate::session::Back;

mod departure;
mod device;
mod own_form;
mod password;
mod refusal;
mod second_factor;
mod sign_out;

pub(super) use departure::arrive;
pub(super) use device::{answer_device, show_device};
pub(super) use password::{answer_password, show_password};
pub(super) use refusal::show_refusals;
use refusal::{Shown, error_page, marked, status};
use second_factor::{Form, Verified};
pub(super) use second_factor::{answer_second_factor, show_second_factor};
pub(super) use sign_out::{answer_sign_out, show_sign_out};

/// `GET /`: who is signed in, or that this browser was just signed out.
pub(super) async fn home(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let page = async {
        let person = issuer.signed_in(visitor.session.as_ref()).await?;
        let page = HomePage {
            shell: &issuer.shell,
            email: person.map(|person| person.email),
            form_token: visitor.form_token(&issuer, SIGN_OUT),
            sign_out: format!("{}/sign-out", issuer.issuer.path()),
            password: format!("{}/password", issuer.issuer.path()),
            second_factor: format!("{}/second-factor", issuer.issuer.path()),
            was_signed_out: query.as_deref() == Some(SIGNED_OUT),
        };
        Ok(visitor.introduce(render(&page, StatusCode::OK, None)?))
    };
    answered(&issuer, page.await)
}

/// `POST /sign-out`.
pub(super) async fn sign_out(State(issuer): Issuer, visitor: Visitor, body: Bytes) -> Response {
    let signed_out = async {
        let form = Parameters::parse(&body);
        visitor.check_form(&issuer, SIGN_OUT, form.optional("form_token")?)?;
        Ok(end_session(&issuer, &visitor, None).await?)
    };
    answered(&issuer, signed_out.await)
}

/// `GET /authorize`: the login page, the confirmation, or at once the answer.
pub(super) async fn show_authorization(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let page = async {
        let request = issuer.authorization_request(&query)?;
        let signed_in = issuer.signed_in(visitor.session.as_ref()).await?;
        match issuer.interaction(&request, signed_in)? {
            Interaction::None(person) => finish(&issuer, &request, person).await,
            Interaction::SignIn => sign_in_page(&issuer, &visitor, &query, &request, None),
            Interaction::Confirm(person) => {
                confirm_page(&issuer, &visitor, &query, &request, person)
            }
        }
    };
    answered(&issuer, page.await)
}

/// `POST /authorize`: the form of either page, sent to the URL of the request that it is about. Without one it is a request
/// itself (OpenID Connect Core §3.1.2.1), and the browser is sent to its URL: a request from another site comes without
/// the cookies that say who is signed in, and the next one, which the browser makes on its own, with them.
pub(super) async fn answer_authorization(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    if query.is_empty() {
        return sent_as_query(&issuer, "/authorize", &body);
    }
    let answer = async {
        let request = issuer.authorization_request(&query)?;
        let form = Parameters::parse(&body);
        match act(&issuer, &visitor, &query, &request, &form).await {
            Err(Refusal::Shown(error)) if error.is_for_the_form() => {
                let shown = Some((&form, error));
                sign_in_page(&issuer, &visitor, &query, &request, shown)
            }
            done => done,
        }
    };
    answered(&issuer, answer.await)
}

async fn act(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    query: &str,
    request: &AuthorizationRequest,
    form: &Parameters,
) -> Result<Response, Refusal> {
    visitor.check_form(issuer, query, form.optional("form_token")?)?;
    match form.required("action")? {
        "sign-in" => match issuer.sign_in(sign_in(visitor, form)?).await? {
            Entered::Wholly(signed_in) => enter(issuer, visitor, request, signed_in).await,
            Entered::ByHalf(half) => {
                let form = code_form(query, request);
                Ok(second_factor::ask(issuer, visitor, form, &half, None)?)
            }
        },
        "verify" => {
            let asked = code_form(query, request);
            match second_factor::verify(issuer, visitor, asked, form).await? {
                Verified::Wholly(signed_in) => enter(issuer, visitor, request, signed_in).await,
                Verified::Not(page) => Ok(page),
            }
        }
        "depart" => {
            let back = Back::Application(query.to_owned());
            Ok(departure::leave(issuer, visitor, form, back, request.demands_sign_in()).await?)
        }
        "continue" => {
            // The same form token stands on the login page, which `prompt` or `max_age` may demand of a person who is
            // signed in: what the request asks for is asked again.
            let signed_in = issuer.signed_in(visitor.session.as_ref()).await?;
            match issuer.interaction(request, signed_in)? {
                Interaction::SignIn => sign_in_page(issuer, visitor, query, request, None),
                Interaction::None(person) | Interaction::Confirm(person) => {
                    finish(issuer, request, person).await
                }
            }
        }
        "cancel" => Err(issuer.refuse_request(request, Error::AccessDenied)),
        _ => Err(Error::FormStale.into()),
    }
}

/// The person has just signed in: on to the application, with the cookies that keep the sign-in.
async fn enter(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    request: &AuthorizationRequest,
    signed_in: SignedIn,
) -> Result<Response, Refusal> {
    let SignedIn {
        person,
        session,
        known,
    } = signed_in;
    let response = finish(issuer, request, person).await?;
    Ok(visitor.keep_login(issuer, response, &session, known.as_deref()))
}

fn code_form<'a>(query: &'a str, request: &AuthorizationRequest) -> Form<'a> {
    Form {
        subject: query,
        targets: request.redirect.form_action_source(),
    }
}

/// The person is known: back to the application, or the code on a page.
async fn finish(
    issuer: &OidcIssuer,
    request: &AuthorizationRequest,
    person: Person,
) -> Result<Response, Refusal> {
    match issuer.authorize(request, person).await? {
        AuthorizationResponse::Redirect(location) => Ok(see_other(&location)),
        AuthorizationResponse::Code(code) => {
            let page = CodePage {
                shell: &issuer.shell,
                name: request.client.name(),
                code,
            };
            Ok(render(&page, StatusCode::OK, None)?)
        }
    }
}

fn sign_in_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    query: &str,
    request: &AuthorizationRequest,
    shown: Option<(&Parameters, Error)>,
) -> Result<Response, Refusal> {
    let typed = shown.as_ref().map(|(form, _)| form.optional("email"));
    let email = typed
        .transpose()?
        .map(|email| email.unwrap_or_default().to_owned());
    let places = places(issuer, shown.as_ref().map(|(form, _)| *form))?;
    let failure = shown.map(|(_, error)| Shown::new(issuer, error));
    let page = SignInPage {
        shell: &issuer.shell,
        asker: asker(request),
        form_token: visitor.form_token(issuer, query),
        places,
        email: email
            .or_else(|| request.login_hint.clone())
            .unwrap_or_default(),
        error: failure.as_ref().map(|failure| failure.sentence.clone()),
    };
    let status = status(failure.as_ref());
    let response = render(&page, status, request.redirect.form_action_source())?;
    let response = visitor.introduce(response);
    Ok(marked(response, failure))
}

fn confirm_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    query: &str,
    request: &AuthorizationRequest,
    person: Person,
) -> Result<Response, Refusal> {
    let page = ConfirmPage {
        shell: &issuer.shell,
        asker: asker(request),
        form_token: visitor.form_token(issuer, query),
        email: person.email,
        other_account: format!("?{}", with_new_login(query)),
    };
    let response = render(&page, StatusCode::OK, request.redirect.form_action_source())?;
    Ok(visitor.introduce(response))
}

fn asker(request: &AuthorizationRequest) -> Asker {
    Asker::Application(Application::new(&request.client, request.redirect.place()))
}

/// Sends a browser that posted a request to the URL of that request. The form is encoded again, so that nothing but a
/// query comes of it.
fn sent_as_query(issuer: &OidcIssuer, path: &str, form: &[u8]) -> Response {
    let pairs = url::form_urlencoded::parse(form);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(pairs).finish();
    see_other(&format!("{}{path}?{query}", issuer.issuer.path()))
}

/// Signs the person out and sends the browser to `destination`, by default to the page that says so.
async fn end_session(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    destination: Option<String>,
) -> Result<Response, Error> {
    if let Some(session) = &visitor.session {
        issuer.sign_out(session).await?;
    }
    let home = || format!("{}/?{SIGNED_OUT}", issuer.issuer.path());
    let destination = destination.unwrap_or_else(home);
    Ok(visitor.forget_login(see_other(&destination)))
}

/// The same request, with a login page for certain.
fn with_new_login(query: &str) -> String {
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != "prompt");
    let mut changed = url::form_urlencoded::Serializer::new(String::new());
    changed
        .extend_pairs(kept)
        .append_pair("prompt", "login")
        .finish()
}

/// What the sign-in page offers: what was chosen before, else the first.
fn places(issuer: &OidcIssuer, form: Option<&Parameters>) -> Result<Places, Error> {
    let choices = issuer.connectors.directories();
    let chosen = match form {
        Some(form) => form.optional("connector")?.unwrap_or_default().to_owned(),
        None => choices
            .first()
            .map(|choice| choice.id.clone())
            .unwrap_or_default(),
    };
    Ok(Places {
        choices,
        providers: issuer.connectors.providers(),
        chosen,
    })
}

fn sign_in(visitor: &Visitor, form: &Parameters) -> Result<SignIn, Error> {
    Ok(SignIn {
        connector: form.optional("connector")?.map(str::to_owned),
        email: form.optional("email")?.unwrap_or_default().to_owned(),
        password: Password::new(form.optional("password")?.unwrap_or_default().to_owned()),
        browser: visitor.browser.clone(),
        known: visitor.known.clone(),
        address: visitor.address,
    })
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Shown(error)
    }
}

fn answered(issuer: &OidcIssuer, outcome: Result<Response, Refusal>) -> Response {
    match outcome {
        Ok(response) => response,
        Err(Refusal::Redirected { location, error }) => {
            let code = error.row().code;
            issuer.metrics.refusal(code);
            tracing::debug!(code, "an authorization request was refused: {error}");
            let mut response = see_other(&location);
            response
                .headers_mut()
                .insert("sigstead-code", HeaderValue::from_static(code));
            response
        }
        Err(Refusal::Shown(error)) => error_page(issuer, error),
    }
}

/// 303: the browser goes on with GET and does not send the password along (RFC 9700 §4.12).
fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

const SIGN_OUT: &str = "sign-out";
const SIGNED_OUT: &str = "signed-out";
