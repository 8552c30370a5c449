use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Kind, Problem};

/// The shape that error bodies have on a route, as its clients expect it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyStyle {
    /// `{"code":<gRPC code>,"message":…,"details":[]}`, as grpc-gateway answers (Fulcio, Rekor v2).
    Gateway,
    /// `{"code":<HTTP status>,"message":…}` (Rekor v1); an unknown thing has an empty body.
    Rekor1,
    /// `{"code":<HTTP status>,"message":…}` for every status (timestamp authority).
    HttpCode,
    /// `<status text>\n<message>` as plain text (certificate transparency logs, TUF repositories).
    Text,
    /// `{"error":…,"error_description":…}` (RFC 6749 §5.2).
    OAuth,
}

impl BodyStyle {
    /// Status, content type and body of a problem, without the headers that all styles share.
    pub(super) fn render(self, problem: &Problem) -> Response {
        let status = problem.kind.http_status();
        let message = problem.public_message();
        match self {
            Self::Gateway => {
                let code = problem.kind.grpc_code() as i32;
                json_response(
                    status,
                    &json!({"code": code, "message": message, "details": []}),
                )
            }
            Self::Rekor1 if problem.kind == Kind::NotFound => {
                with_body(status, None, String::new())
            }
            Self::Rekor1 | Self::HttpCode => json_response(
                status,
                &json!({"code": status.as_u16(), "message": message}),
            ),
            Self::Text => {
                let title = status.canonical_reason().unwrap_or("Error");
                with_body(status, Some(TEXT), format!("{title}\n{message}\n"))
            }
            Self::OAuth => json_response(
                status,
                &json!({"error": oauth_error(problem.kind), "error_description": message}),
            ),
        }
    }
}

/// RFC 6749 §5.2 and §4.1.2.1: the error word for a kind. Finer words are the issuer's own business.
fn oauth_error(kind: Kind) -> &'static str {
    match kind {
        Kind::Unauthenticated => "invalid_client",
        Kind::PermissionDenied => "access_denied",
        Kind::Unavailable | Kind::ResourceExhausted | Kind::DeadlineExceeded => {
            "temporarily_unavailable"
        }
        Kind::Internal => "server_error",
        _ => "invalid_request",
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    with_body(status, Some(JSON), body.to_string())
}

fn with_body(status: StatusCode, content_type: Option<&'static str>, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
