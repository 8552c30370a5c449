use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::refusal::{Shown, marked, status};
use super::second_factor::{self, Form, Verified};
use super::{Issuer, Visitor, answered, departure, places, see_other, sign_in};
use crate::OidcIssuer;
use crate::authorize::Refusal;
use crate::device::WaitingDevice;
use crate::error::Error;
use crate::login::{Entered, SignedIn};
use crate::page::{Asker, ConfirmPage, Device, DevicePage, MessagePage, SignInPage, render};
use crate::parameter::Parameters;
use crate::session::Back;

/// `GET /device`: asks for the code, for the person, and for the person's yes, in this order
/// (RFC 8628 §3.3).
pub(crate) async fn show_device(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let page = async {
        let query = Parameters::parse(query.unwrap_or_default().as_bytes());
        let Some(typed) = query.optional("user_code")? else {
            return code_page(&issuer, &visitor, "", None);
        };
        let new_login = query.optional("prompt")? == Some("login");
        match issuer.waiting_device(typed, visitor.address).await {
            Ok(device) => device_page(&issuer, &visitor, &device, new_login).await,
            Err(error) if is_about_the_code(&error) => {
                code_page(&issuer, &visitor, typed, Some(error))
            }
            Err(error) => Err(error.into()),
        }
    };
    answered(&issuer, page.await)
}

/// `POST /device`: the form of either page.
pub(crate) async fn answer_device(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let answer = async {
        let query = Parameters::parse(query.unwrap_or_default().as_bytes());
        let form = Parameters::parse(&body);
        let typed = query.required("user_code")?;
        let device = match issuer.waiting_device(typed, visitor.address).await {
            Err(error) if is_about_the_code(&error) => {
                return code_page(&issuer, &visitor, typed, Some(error));
            }
            found => found?,
        };
        let (name, user_code) = (device.client.name().to_owned(), device.user_code.clone());
        match act(&issuer, &visitor, device, &form).await {
            Err(error) if error.is_for_the_form() => {
                let asker = Device { name, user_code };
                sign_in_page(&issuer, &visitor, asker, Some((&form, error)))
            }
            done => Ok(done?),
        }
    };
    answered(&issuer, answer.await)
}

async fn act(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    device: WaitingDevice,
    form: &Parameters,
) -> Result<Response, Error> {
    let subject = subject(&device.user_code);
    visitor.check_form(issuer, &subject, form.optional("form_token")?)?;
    match form.required("action")? {
        "sign-in" => match issuer.sign_in(sign_in(visitor, form)?).await? {
            Entered::Wholly(signed_in) => Ok(enter(issuer, visitor, &device, &signed_in)),
            Entered::ByHalf(half) => {
                let asked = code_form(&subject);
                second_factor::ask(issuer, visitor, asked, &half, None)
            }
        },
        "verify" => {
            match second_factor::verify(issuer, visitor, code_form(&subject), form).await? {
                Verified::Wholly(signed_in) => Ok(enter(issuer, visitor, &device, &signed_in)),
                Verified::Not(page) => Ok(page),
            }
        }
        "depart" => {
            let back = Back::Device(device.user_code);
            departure::leave(issuer, visitor, form, back, false).await
        }
        "continue" => {
            let person = issuer.signed_in(visitor.session.as_ref()).await?;
            issuer
                .decide(device, Some(person.ok_or(Error::FormStale)?))
                .await?;
            done(
                issuer,
                "Device connected",
                "You can close this page and go back to the device.",
            )
        }
        "cancel" => {
            issuer.decide(device, None).await?;
            done(
                issuer,
                "Cancelled",
                "The device was told that you refused. Close this page.",
            )
        }
        _ => Err(Error::FormStale),
    }
}

/// The person has just signed in: on to the question whether it is their device.
fn enter(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    device: &WaitingDevice,
    signed_in: &SignedIn,
) -> Response {
    let (path, user_code) = (issuer.issuer.path(), &device.user_code);
    let here = see_other(&format!("{path}/device?user_code={user_code}"));
    visitor.keep_login(issuer, here, &signed_in.session, signed_in.known.as_deref())
}

const fn code_form(subject: &str) -> Form<'_> {
    Form {
        subject,
        targets: None,
    }
}

async fn device_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    device: &WaitingDevice,
    new_login: bool,
) -> Result<Response, Refusal> {
    let name = device.client.name().to_owned();
    let asker = Device {
        name,
        user_code: device.user_code.clone(),
    };
    let person = issuer.signed_in(visitor.session.as_ref()).await?;
    let Some(person) = person.filter(|_| !new_login) else {
        return sign_in_page(issuer, visitor, asker, None);
    };
    let page = ConfirmPage {
        shell: &issuer.shell,
        form_token: visitor.form_token(issuer, &subject(&device.user_code)),
        email: person.email,
        other_account: format!("?user_code={}&prompt=login", device.user_code),
        asker: Asker::Device(asker),
    };
    Ok(visitor.introduce(render(&page, StatusCode::OK, None)?))
}

fn sign_in_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    device: Device,
    failed: Option<(&Parameters, Error)>,
) -> Result<Response, Refusal> {
    let typed = failed
        .as_ref()
        .map(|(form, _)| form.optional("email"))
        .transpose()?
        .flatten();
    let email = typed.unwrap_or_default().to_owned();
    let places = places(issuer, failed.as_ref().map(|(form, _)| *form))?;
    let failure = failed.map(|(_, error)| Shown::new(issuer, error));
    let page = SignInPage {
        shell: &issuer.shell,
        form_token: visitor.form_token(issuer, &subject(&device.user_code)),
        asker: Asker::Device(device),
        places,
        email,
        error: failure.as_ref().map(|failure| failure.sentence.clone()),
    };
    finish(visitor, &page, failure)
}

fn code_page(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    typed: &str,
    error: Option<Error>,
) -> Result<Response, Refusal> {
    let failure = error.map(|error| Shown::new(issuer, error));
    let page = DevicePage {
        shell: &issuer.shell,
        user_code: typed.to_owned(),
        error: failure.as_ref().map(|failure| failure.sentence.clone()),
    };
    finish(visitor, &page, failure)
}

fn finish<T: askama::Template>(
    visitor: &Visitor,
    page: &T,
    failure: Option<Shown>,
) -> Result<Response, Refusal> {
    let status = status(failure.as_ref());
    let response = visitor.introduce(render(page, status, None)?);
    Ok(marked(response, failure))
}

fn done(issuer: &OidcIssuer, heading: &str, text: &str) -> Result<Response, Error> {
    let page = MessagePage::done(&issuer.shell, heading, text);
    render(&page, StatusCode::OK, None)
}

fn is_about_the_code(error: &Error) -> bool {
    matches!(error, Error::UserCodeUnknown | Error::Throttled { .. })
}

fn subject(user_code: &str) -> String {
    format!("device\n{user_code}")
}
