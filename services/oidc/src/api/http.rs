use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use sigstead_config::oidc::KEY_SET_LIFETIME;
use sigstead_kit::Problem;

use super::{Issuer, visitor};
use crate::OidcIssuer;
use crate::error::Error;
use crate::page;
use crate::second_factor::MULTI_FACTOR;
use crate::token::{DEVICE_CODE, TOKEN_EXCHANGE, TokenRequest};

/// OpenID Connect Discovery 1.0 §4.
pub(super) async fn discovery(State(issuer): Issuer) -> Json<Value> {
    let at = |path| issuer.issuer.join(path);
    Json(json!({
        "issuer": issuer.issuer.as_str(),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/device/code"),
        "jwks_uri": at("/keys"),
        "userinfo_endpoint": at("/userinfo"),
        "introspection_endpoint": at("/introspect"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/end-session"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, TOKEN_EXCHANGE,
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "groups", "offline_access"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "iss", "sub", "aud", "iat", "exp", "jti", "auth_time", "amr", "acr", "nonce", "email", "email_verified", "groups",
        ],
        "acr_values_supported": [MULTI_FACTOR],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// RFC 7517 §5. Readers may keep it for a while: a new key is published long before it signs.
pub(super) async fn keys(State(issuer): Issuer) -> Response {
    let lifetime = KEY_SET_LIFETIME.whole_seconds();
    let cache = [(header::CACHE_CONTROL, format!("public, max-age={lifetime}"))];
    let keys = issuer.keys.published(issuer.clock.now());
    (cache, Json(keys)).into_response()
}

/// RFC 6749 §3.2.
pub(super) async fn token(State(issuer): Issuer, ClientForm(form): ClientForm) -> Response {
    let answer = async { issuer.token(&form?).await };
    encode(&issuer, answer.await)
}

/// RFC 8628 §3.1.
pub(super) async fn start_device(State(issuer): Issuer, ClientForm(form): ClientForm) -> Response {
    let answer = async { issuer.start_device(&form?).await };
    encode(&issuer, answer.await)
}

/// `POST /introspect` (RFC 7662 §2.1).
pub(super) async fn introspect(State(issuer): Issuer, ClientForm(form): ClientForm) -> Response {
    let answer = async { issuer.introspect(&form?).await };
    encode(&issuer, answer.await)
}

/// `POST /revoke` (RFC 7009 §2.1).
pub(super) async fn revoke(State(issuer): Issuer, ClientForm(form): ClientForm) -> Response {
    // Clients look at the status alone (§2.2); an empty object is what all of them can read.
    let answer = async { issuer.revoke(&form?).await.map(|()| json!({})) };
    encode(&issuer, answer.await)
}

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", page::STYLE)
}

pub(super) async fn icon() -> Response {
    asset("image/svg+xml", page::ICON)
}

/// What a client sent to one of the routes above: its form, with what it says about itself.
pub(super) struct ClientForm(Result<TokenRequest, Error>);

impl<S: Send + Sync> FromRequest<S> for ClientForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let (headers, address) = (parts.headers.clone(), visitor::address(&parts));
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        Ok(Self(read_form(&headers, &body, address)))
    }
}

fn read_form(headers: &HeaderMap, body: &[u8], address: IpAddr) -> Result<TokenRequest, Error> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    // RFC 6749 §4.1.3. Browsers send other types across sites without asking.
    if !media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case(FORM)) {
        return Err(Error::BodyNotAForm);
    }
    let authorization = headers
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    TokenRequest::parse(authorization, body, address)
}

/// RFC 6749 §5.1 and §5.2.
fn encode<T: serde::Serialize>(issuer: &OidcIssuer, answer: Result<T, Error>) -> Response {
    let mut response = match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refuse(issuer, error),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The kinds' own statuses hold for overload and faults; for all else §5.2 names 400, and 401 for a
/// client that failed to authenticate.
fn refuse(issuer: &OidcIssuer, error: Error) -> Response {
    let row = error.row();
    issuer.metrics.refusal(row.code);
    let problem = Problem::from(error);
    let text = json!({"error": row.oauth, "error_description": problem.public_message()});
    let mut response = problem.response(sigstead_kit::BodyStyle::OAuth);
    let status = match response.status() {
        status if status.is_server_error() => status,
        StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
        _ if row.oauth == "invalid_client" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    if response
        .headers_mut()
        .remove(header::WWW_AUTHENTICATE)
        .is_some()
    {
        let basic = HeaderValue::from_static("Basic realm=\"token\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, basic);
    }
    let (mut parts, _) = response.into_parts();
    parts.status = status;
    Response::from_parts(parts, text.to_string().into())
}

fn asset(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        // The URL changes with the content.
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}

const FORM: &str = "application/x-www-form-urlencoded";
