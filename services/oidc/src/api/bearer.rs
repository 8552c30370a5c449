use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use sigstead_kit::Problem;

use super::Issuer;
use crate::OidcIssuer;
use crate::error::Error;
use crate::parameter::Parameters;

/// `GET` and `POST /userinfo` (OpenID Connect Core §5.3.1).
pub(super) async fn user_info(State(issuer): Issuer, headers: HeaderMap, body: Bytes) -> Response {
    let answer = async {
        let token = bearer(&headers, &body)?;
        let token = token.ok_or(Error::TokenRefused);
        issuer.user_info(&token?).await
    };
    let mut response = match answer.await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => challenge(&issuer, error, headers.contains_key(header::AUTHORIZATION)),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// RFC 6750 §2.1 and §2.2: the header, or a form. A token in a URL would be in logs, so there it is not looked for.
fn bearer(headers: &HeaderMap, body: &[u8]) -> Result<Option<String>, Error> {
    let in_header = headers.get(header::AUTHORIZATION).map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        is_bearer.then(|| token.trim().to_owned())
    });
    let form = Parameters::parse(body);
    match (in_header, form.optional("access_token")?) {
        (Some(_), Some(_)) => Err(Error::ParameterRepeated {
            name: "access_token",
        }),
        (Some(token), None) => token.map(Some).ok_or(Error::TokenRefused),
        (None, token) => Ok(token.map(str::to_owned)),
    }
}

/// RFC 6750 §3: what came without a token is not told that one was wrong.
fn challenge(issuer: &OidcIssuer, error: Error, showed_one: bool) -> Response {
    let row = error.row();
    issuer.metrics.refusal(row.code);
    let problem = Problem::from(error);
    let text = json!({"error": row.oauth, "error_description": problem.public_message()});
    let mut response = problem.response(sigstead_kit::BodyStyle::OAuth);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::WWW_AUTHENTICATE);
    let challenge = match response.status() {
        StatusCode::UNAUTHORIZED if !showed_one => Some("Bearer realm=\"userinfo\"".to_owned()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(format!(
            "Bearer realm=\"userinfo\", error=\"{}\"",
            row.oauth
        )),
        _ => None,
    };
    let challenge = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok());
    let (mut parts, _) = response.into_parts();
    parts
        .headers
        .extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
    Response::from_parts(parts, text.to_string().into())
}
