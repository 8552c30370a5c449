use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use sigstead_kit::CallerAddress;
use sigstead_kit::trace::RequestId;

use crate::audit::RequestOrigin;

impl RequestOrigin {
    /// The origin of a request from a caller, within a trace (W3C Trace Context §3.2). A trace that is malformed is none.
    pub(super) fn of(
        caller: Option<&CallerAddress>,
        request: Option<&RequestId>,
        traceparent: Option<&str>,
    ) -> Self {
        let trace = traceparent.and_then(|text| text.split('-').nth(1));
        let trace =
            trace.filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Self {
            peer: caller.map(|CallerAddress(address)| *address),
            request_id: request.map(|id| id.as_str().to_owned()),
            trace_id: trace.map(ToOwned::to_owned),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let traceparent = parts.headers.get("traceparent");
        let traceparent = traceparent.and_then(|value| value.to_str().ok());
        let extensions = &parts.extensions;
        Ok(Self::of(extensions.get(), extensions.get(), traceparent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_trace_from_what_is_one() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{trace}-b7ad6b7169203331-01");
        let origin = RequestOrigin::of(None, None, Some(&parent));
        assert_eq!(origin.trace_id.as_deref(), Some(trace));
        assert!(
            origin.request_id.is_none(),
            "the caller does not choose the number"
        );
        for text in ["", "00", "00-zz-b7-01", "00-0af7\n-b7-01"] {
            let origin = RequestOrigin::of(None, None, Some(text));
            assert!(origin.trace_id.is_none(), "{text}");
        }
    }
}
