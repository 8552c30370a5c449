use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::header;

use super::Budget;
use super::body::{ROOM, read_within};
use crate::problem::{BodyStyle, CODE_DEADLINE, CODE_INTERNAL, Kind, Problem};

#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub(super) style: BodyStyle,
    pub(super) budget: Budget,
}

/// Holds a route to its budget and renders every problem in its style.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let deadline = guard.budget.deadline;
    let work = AssertUnwindSafe(serve(guard.budget, request, next)).catch_unwind();
    let outcome = match tokio::time::timeout(deadline, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(Problem::internal(CODE_INTERNAL, panic_text(&*panic))),
        Err(_) => Err(late(guard.budget)),
    };
    match outcome {
        Ok(response) => restyle(response, guard.style),
        Err(problem) => problem.response(guard.style),
    }
}

async fn serve(budget: Budget, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = read_within(&parts.headers, body, budget.body_bytes, &ROOM).await?;
    let request = Request::from_parts(parts, Body::from(body.bytes.clone()));
    Ok(next.run(request).await)
}

/// Gives a problem that a handler returned the route's style, and keeps the headers that the
/// handler set beside it.
fn restyle(mut response: Response, style: BodyStyle) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (styled_parts, body) = problem.response(style).into_parts();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.status = styled_parts.status;
    // Inserted by name, so that what both have stands once.
    for (name, value) in &styled_parts.headers {
        parts.headers.insert(name, value.clone());
    }
    Response::from_parts(parts, body)
}

fn late(budget: Budget) -> Problem {
    let seconds = budget.deadline.as_secs_f64();
    let message = format!("the request was not completed within {seconds} seconds; try again");
    Problem::new(Kind::DeadlineExceeded, CODE_DEADLINE, message)
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!(
        "a handler panicked: {}",
        text.as_deref().unwrap_or("without a message")
    )
}
