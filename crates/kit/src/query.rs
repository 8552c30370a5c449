use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{CODE_QUERY, Kind, Problem};

/// The query string as a typed value; a string that does not fit is answered in the routes' style.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

#[expect(
    clippy::disallowed_types,
    reason = "this is what is to be used in its place"
)]
impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| {
                let message = rejection.body_text();
                Problem::new(Kind::InvalidArgument, CODE_QUERY, message)
            })
    }
}
