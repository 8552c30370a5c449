use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{CODE_PATH_TEXT, Kind, Problem};

/// The variable parts of a path as a typed value; a path that does not fit is answered in the routes' style.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

#[expect(
    clippy::disallowed_types,
    reason = "this is what is to be used in its place"
)]
impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|rejection| {
                let message = format!(
                    "the path cannot be read; write it in UTF-8, percent-encoded: {}",
                    rejection.body_text()
                );
                Problem::new(Kind::InvalidArgument, CODE_PATH_TEXT, message)
            })
    }
}
