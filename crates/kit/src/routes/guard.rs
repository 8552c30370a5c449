use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::header;

use super::body::read_within;
use crate::answer::Answer;
use crate::budget::Budget;
use crate::connection::Exchange;
use crate::problem::{BodyStyle, CODE_DEADLINE, CODE_INTERNAL, Kind, Problem};
use crate::turn::turn;

#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub(super) style: BodyStyle,
    pub(super) budget: Budget,
}

/// Holds a route to its budget and renders every problem in its style.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let exchange = exchange_of(&request);
    match serve(guard, Arc::clone(&exchange), request, next).await {
        Ok(response) => response,
        Err(problem) => {
            exchange.is_answered(guard.budget.progress_time);
            problem.response(guard.style)
        }
    }
}

async fn serve(
    guard: Guard,
    exchange: Arc<Exchange>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let budget = guard.budget;
    let (parts, body) = request.into_parts();
    let body = read_within(&parts.headers, body, &budget, exchange.request_room()).await?;
    exchange.owe();
    let request = Request::from_parts(parts, Body::from(body.bytes.clone()));
    let work = async {
        let turn = turn(&exchange, &budget).await?;
        Ok((next.run(request).await, turn))
    };
    let work = AssertUnwindSafe(work).catch_unwind();
    // Until the answer is counted, its turn is not over.
    let (response, _turn) = match tokio::time::timeout(budget.work_time, work).await {
        Ok(Ok(served)) => served?,
        Ok(Err(panic)) => return Err(Problem::internal(CODE_INTERNAL, panic_text(&*panic))),
        Err(_) => return Err(late(budget)),
    };
    Answer::http(restyle(response, guard.style), budget, exchange)
}

/// The exchange that a request belongs to.
pub(crate) fn exchange_of(request: &Request) -> Arc<Exchange> {
    let exchange = request.extensions().get::<Arc<Exchange>>();
    exchange.map_or_else(Exchange::detached, Arc::clone)
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
    let seconds = budget.work_time.as_secs_f64();
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
