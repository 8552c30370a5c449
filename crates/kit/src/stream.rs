use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use http::header;

use crate::problem::Problem;

/// An answer that is read while it is sent, for routes whose budget says so ([`crate::Budget::streaming`]).
///
/// A piece is asked for when the connection has room for it, and is at most 256 KiB long. With `length`, the bytes of all
/// pieces, the caller sees when something is missing. A problem ends the answer, and is logged.
pub fn streamed(
    length: Option<u64>,
    pieces: impl Stream<Item = Result<Bytes, Problem>> + Send + 'static,
) -> Response {
    let pieces = pieces.map_err(|problem| {
        problem.log();
        axum::Error::new(problem.public_message())
    });
    let mut response = Response::new(Body::from_stream(pieces));
    if let Some(length) = length {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    response
}
