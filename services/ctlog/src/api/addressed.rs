//! The log that a request is for.

use std::sync::Arc;

use ::http::request::Parts;
use ::http::{HeaderValue, header};
use axum::extract::FromRequestParts;
use sigstead_kit::Problem;

use crate::log::CtLog;
use crate::logs::CtLogs;

/// The log of the identifier in the path, or else of the host name.
pub(super) struct Addressed(pub(super) Arc<CtLog>);

impl FromRequestParts<Arc<CtLogs>> for Addressed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, logs: &Arc<CtLogs>) -> Result<Self, Problem> {
        let below = parts.uri.path().strip_prefix("/logs/");
        let log_id = below.and_then(|path| path.split_once('/'));
        let log = match log_id {
            Some((log_id, _)) => logs.by_id(log_id)?,
            None => logs.for_host(authority(parts))?,
        };
        Ok(Self(log))
    }
}

fn authority(parts: &Parts) -> Option<&str> {
    // HTTP/2 has the name in the URI, HTTP/1.1 in a header.
    let in_header = parts.headers.get(header::HOST).map(HeaderValue::to_str);
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => in_header.and_then(Result::ok),
    }
}
