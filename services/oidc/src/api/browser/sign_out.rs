use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::{Issuer, Visitor, answered, end_session, see_other, sent_as_query};
use crate::error::Error;
use crate::page::{SignOutPage, render};
use crate::parameter::Parameters;

/// `GET /end-session`: the person is signed out at once if the application shows a token of theirs, else asked.
pub(crate) async fn show_sign_out(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let page = async {
        let request = issuer.sign_out_request(&query)?;
        match issuer.signed_in(visitor.session.as_ref()).await? {
            Some(person) if request.asks(&person) => {
                let page = SignOutPage {
                    shell: &issuer.shell,
                    name: request.client.as_ref().map(|client| client.name()),
                    email: &person.email,
                    form_token: visitor.form_token(&issuer, &subject(&query)),
                };
                let targets = request
                    .redirect
                    .as_ref()
                    .and_then(|uri| uri.form_action_source());
                Ok(visitor.introduce(render(&page, StatusCode::OK, targets)?))
            }
            _ => Ok(end_session(&issuer, &visitor, request.destination()).await?),
        }
    };
    answered(&issuer, page.await)
}

/// `POST /end-session`: the form of the page, or the request of an application that sends it so.
pub(crate) async fn answer_sign_out(
    State(issuer): Issuer,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    if query.is_empty() {
        return sent_as_query(&issuer, "/end-session", &body);
    }
    let answer = async {
        let form = Parameters::parse(&body);
        let request = issuer.sign_out_request(&query)?;
        visitor.check_form(&issuer, &subject(&query), form.optional("form_token")?)?;
        match form.required("action")? {
            "sign-out" => Ok(end_session(&issuer, &visitor, request.destination()).await?),
            "stay" => Ok(see_other(&format!("{}/", issuer.issuer.path()))),
            _ => Err(Error::FormStale.into()),
        }
    };
    answered(&issuer, answer.await)
}

fn subject(query: &str) -> String {
    format!("end-session\n{query}")
}
