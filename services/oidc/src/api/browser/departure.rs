use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigstead_kit::Path;

use super::{Issuer, Visitor, answered, finish, see_other};
use crate::OidcIssuer;
use crate::departure::Leaving;
use crate::error::Error;
use crate::login::SignedIn;
use crate::page::{LeavingPage, render};
use crate::parameter::Parameters;
use crate::session::Back;

/// The page that leads to the provider whose button was pressed.
pub(super) async fn leave(
    issuer: &OidcIssuer,
    visitor: &Visitor,
    form: &Parameters,
    back: Back,
    anew: bool,
) -> Result<Response, Error> {
    let leaving = Leaving {
        connector: form.required("connector")?,
        browser: &visitor.browser,
        address: visitor.address,
        back,
        anew,
    };
    let destination = issuer.depart(leaving).await?;
    let page = LeavingPage {
        shell: &issuer.shell,
        destination: destination.as_str(),
        host: destination.host_str().unwrap_or_default(),
    };
    render(&page, StatusCode::OK, None)
}

/// `GET /callback/CONNECTOR`: somebody comes back from a provider. They pressed a button on a page that named the
/// application, so they go on there at once, as after a password.
pub(crate) async fn arrive(
    State(issuer): Issuer,
    visitor: Visitor,
    Path(connector): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let answer = async {
        let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
        let arrived = issuer.arrive(&connector, &visitor.browser, &parameters);
        let (signed_in, back) = arrived.await?;
        let SignedIn {
            person,
            session,
            known,
        } = signed_in;
        let response = match back {
            Back::Application(query) => {
                let request = issuer.authorization_request(&query)?;
                finish(&issuer, &request, person).await?
            }
            Back::Device(user_code) => {
                let path = issuer.issuer.path();
                see_other(&format!("{path}/device?user_code={user_code}"))
            }
        };
        Ok(visitor.keep_login(&issuer, response, &session, known.as_deref()))
    };
    answered(&issuer, answer.await)
}
