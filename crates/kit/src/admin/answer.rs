use axum::response::Response;
use tonic::Status;
use tonic::body::Body;

use crate::problem::Problem;
use crate::trace::RequestId;

/// The number of a request.
pub(super) fn request_id(extensions: &http::Extensions) -> Option<String> {
    let id = extensions.get::<RequestId>();
    id.map(|id| id.as_str().to_owned())
}

/// A refusal as gRPC has it.
pub(super) fn refusal(problem: Problem) -> Response {
    Status::from(problem)
        .into_http::<Body>()
        .map(axum::body::Body::new)
}
