use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use http::HeaderMap;
use hyper::body::Frame;
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::Callable;
use crate::answer::{Answer, blame_the_caller};
use crate::budget::{Budget, Call, Elements, MOST_ELEMENTS, Method};
use crate::connection::Exchange;
use crate::problem::{
    CODE_BODY_SIZE, CODE_BODY_SLOW, CODE_DEADLINE, CODE_ELEMENTS, CODE_GRPC_METHOD, CODE_INTERNAL,
    CODE_WATCHES, Kind, Problem,
};
use crate::routes::{HeldBody, exchange_of, panic_text, read_within};
use crate::turn::turn;

/// Holds a call to the budget of its method, and turns a panic into a status.
pub(super) async fn guard(
    State(callable): State<Arc<Callable>>,
    request: Request,
    next: Next,
) -> Response {
    let served = match callable.methods.get(request.uri().path()) {
        Some(method) => serve(method, callable.elements, request, next).await,
        None => Err(unknown()),
    };
    served.unwrap_or_else(|problem| Status::from(problem).into_http::<Body>())
}

async fn serve(
    method: &Method,
    elements: Option<Elements>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (budget, started) = (method.budget, Instant::now());
    let exchange = exchange_of(&request);
    let seat = match method.call {
        Call::Watch => Some(exchange.seat().ok_or_else(too_many_watches)?),
        Call::Unary | Call::Conversation => None,
    };
    let asked = timeout_of(request.headers());
    let (request, _held) = match method.call {
        Call::Conversation => (listen(request, budget), None),
        Call::Unary | Call::Watch => {
            let (request, held) = read_message(request, &budget, &exchange).await?;
            if let Some(elements) = elements {
                check_elements(request.uri().path(), &held.bytes, elements)?;
            }
            (request, Some(held))
        }
    };
    exchange.owe();
    let work = async {
        let turn = turn(&exchange, &budget).await?;
        Ok((next.run(request).await, turn))
    };
    let work = AssertUnwindSafe(work).catch_unwind();
    let left = asked.map(|asked| asked.saturating_sub(started.elapsed()));
    let time = left.map_or(budget.work_time, |left| left.min(budget.work_time));
    let (mut response, _turn) = match tokio::time::timeout(time, work).await {
        Ok(Ok(served)) => served?,
        Ok(Err(panic)) => return Err(Problem::internal(CODE_INTERNAL, panic_text(&*panic))),
        Err(_) => return Err(late(time < budget.work_time)),
    };
    blame_the_caller(response.headers_mut());
    Ok(match seat {
        Some(seat) => Answer::watch(response, budget, exchange, seat),
        None => Answer::grpc(response, budget, exchange),
    })
}

/// Reads the one message of a call, as the body of an HTTP request is read.
async fn read_message(
    request: Request,
    budget: &Budget,
    exchange: &Exchange,
) -> Result<(Request, HeldBody), Problem> {
    let (parts, body) = request.into_parts();
    let framed = Budget {
        body_bytes: budget.body_bytes + FRAME_HEAD,
        ..*budget
    };
    let held = read_within(&parts.headers, body, &framed, exchange.request_room()).await?;
    let request = Request::from_parts(parts, Body::from(held.bytes.clone()));
    Ok((request, held))
}

/// Refuses messages whose lists would take many times their length once they are decoded. A call should have one message,
/// but all that is there is decoded.
fn check_elements(method: &str, mut frames: &[u8], elements: Elements) -> Result<(), Problem> {
    while let Some((head, rest)) = frames.split_first_chunk::<FRAME_HEAD>() {
        let [_, length @ ..] = *head;
        let length = u32::from_be_bytes(length) as usize;
        let (message, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if elements(method, message, MOST_ELEMENTS) > MOST_ELEMENTS {
            return Err(too_many_elements());
        }
        frames = rest;
    }
    Ok(())
}

fn too_many_elements() -> Problem {
    let message = format!(
        "the lists of the message have more than the {MOST_ELEMENTS} elements that a call takes; send fewer"
    );
    Problem::new(Kind::PayloadTooLarge, CODE_ELEMENTS, message)
}

/// Lets the messages of a conversation through, up to the bytes and the time of the whole call.
fn listen(request: Request, budget: Budget) -> Request {
    let time = budget.read_time + budget.work_time;
    request.map(|body| {
        Body::new(Listened {
            body,
            left: budget.body_bytes,
            end: Box::pin(tokio::time::sleep(time)),
        })
    })
}

/// The request side of a conversation. Its error ends the call.
struct Listened {
    body: Body,
    left: usize,
    end: Pin<Box<Sleep>>,
}

impl hyper::body::Body for Listened {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.end.as_mut().poll(context).is_ready() {
            let message = "the call takes no more messages after so long; call again";
            let problem = Problem::new(Kind::RequestTimeout, CODE_BODY_SLOW, message);
            return Poll::Ready(Some(Err(problem.into())));
        }
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => {
                return Poll::Ready(Some(Err(Status::cancelled(error.to_string()))));
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(left) = self.left.checked_sub(length) else {
            let message = "the messages of the call are larger than it takes; call again";
            let problem = Problem::new(Kind::PayloadTooLarge, CODE_BODY_SIZE, message);
            return Poll::Ready(Some(Err(problem.into())));
        };
        self.left = left;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

fn unknown() -> Problem {
    let message = "the service has no such method; compare it with what reflection lists";
    Problem::new(Kind::Unimplemented, CODE_GRPC_METHOD, message)
}

fn too_many_watches() -> Problem {
    let message = "the connection has as many open streams as it may; close one, or connect again";
    Problem::new(Kind::ResourceExhausted, CODE_WATCHES, message)
}

fn late(is_of_caller: bool) -> Problem {
    let message = match is_of_caller {
        true => "the call was not completed within the deadline that it carried",
        false => "the call was not completed in time; try again",
    };
    Problem::new(Kind::DeadlineExceeded, CODE_DEADLINE, message)
}

fn timeout_of(headers: &HeaderMap) -> Option<Duration> {
    parse_timeout(headers.get("grpc-timeout")?.to_str().ok()?)
}

/// gRPC over HTTP/2, §Requests: at most eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// A flag and a length before each message.
const FRAME_HEAD: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_deadline_that_a_call_carries() {
        for (text, millis) in [("5S", 5_000), ("250m", 250), ("1M", 60_000), ("2000u", 2)] {
            assert_eq!(parse_timeout(text), Some(Duration::from_millis(millis)));
        }
        for text in ["", "S", "5", "5s", "-5S", "123456789S", "5é"] {
            let parsed = parse_timeout(text);
            assert_eq!(parsed, None, "{text}");
        }
    }
}
