use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::Sleep;
use tonic::{Code, Status};

use crate::budget::{Budget, SEND_BUFFER};
use crate::connection::Exchange;
use crate::holder::Seat;
use crate::problem::{
    CODE_ANSWER_ROOM, CODE_ANSWER_SIZE, CODE_HEADER, CODE_MESSAGE, Kind, Problem,
};
use crate::room::Room;

/// The body of an answer, held to its budget: its bytes are counted until they leave the process, it comes in parts, and
/// each part tells whether the caller takes it.
pub(crate) struct Answer {
    body: Body,
    /// What has come of the body and was not given on yet.
    rest: Bytes,
    held: Option<Arc<Held>>,
    exchange: Arc<Exchange>,
    budget: Budget,
    sent: usize,
    stream: Stream,
}

/// What is special about some answers.
enum Stream {
    Http,
    Grpc,
    /// A gRPC stream without an end of its own.
    Watch(
        Pin<Box<Sleep>>,
        #[expect(dead_code, reason = "held until the stream ends")] Seat,
    ),
}

/// The room of some bytes.
struct Held {
    _room: Room,
    exchange: Arc<Exchange>,
}

/// A part of an answer, until the connection has written it.
struct Part {
    bytes: Bytes,
    held: Arc<Held>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.held.exchange.touch();
    }
}

impl Answer {
    /// Holds an HTTP response to its budget.
    ///
    /// # Errors
    /// It is larger than the budget, or there is no room for it at the moment.
    pub(crate) fn http(
        response: Response,
        budget: Budget,
        exchange: Arc<Exchange>,
    ) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let mut answer = Self::new(body, budget, exchange, Stream::Http);
        let room = match answer.body.size_hint().exact() {
            Some(0) => return Ok(Response::from_parts(parts, answer.body)),
            Some(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                if length > budget.whole_bytes() {
                    return Err(too_large(length, budget));
                }
                Some(length)
            }
            None => budget.is_streamed.then_some(STREAM_BYTES),
        };
        if let Some(bytes) = room {
            let held = answer.hold(bytes);
            answer.held = Some(held.ok_or_else(|| no_room(&answer.exchange))?);
        }
        Ok(Response::from_parts(parts, Body::new(answer)))
    }

    /// Holds the response of a gRPC call to its budget.
    pub(crate) fn grpc(response: Response, budget: Budget, exchange: Arc<Exchange>) -> Response {
        response.map(|body| Body::new(Self::new(body, budget, exchange, Stream::Grpc)))
    }

    /// The same for a call whose messages come as long as the caller wants them, within reason.
    pub(crate) fn watch(
        response: Response,
        budget: Budget,
        exchange: Arc<Exchange>,
        seat: Seat,
    ) -> Response {
        exchange.settle();
        let stream = Stream::Watch(Box::pin(tokio::time::sleep(LONGEST_WATCH)), seat);
        response.map(|body| Body::new(Self::new(body, budget, exchange, stream)))
    }

    fn new(body: Body, budget: Budget, exchange: Arc<Exchange>, stream: Stream) -> Self {
        exchange.waits_for_caller(budget.progress_time);
        Self {
            body,
            rest: Bytes::new(),
            held: None,
            exchange,
            budget,
            sent: 0,
            stream,
        }
    }

    fn hold(&self, bytes: usize) -> Option<Arc<Held>> {
        let mut room = self.exchange.answer_room();
        let exchange = Arc::clone(&self.exchange);
        room.grow(bytes).then(|| {
            Arc::new(Held {
                _room: room,
                exchange,
            })
        })
    }

    /// Takes what came of the body: all of it has room already, or it is given some now.
    fn take(&mut self, bytes: Bytes) -> Result<(), Problem> {
        self.sent = self.sent.saturating_add(bytes.len());
        let is_endless = matches!(self.stream, Stream::Watch(..));
        if self.sent > self.budget.answer_bytes && !is_endless {
            return Err(too_large(self.sent, self.budget));
        }
        if self.budget.is_streamed && bytes.len() > LARGEST_PIECE && !self.is_whole() {
            return Err(too_large(bytes.len(), self.budget));
        }
        // A stream has the same room for as long as it lasts: the connection takes the next piece when it has room for it.
        let has_room = self.is_whole() || self.budget.is_streamed;
        if self.held.is_none() || !has_room {
            let held = self.hold(bytes.len());
            self.held = Some(held.ok_or_else(|| no_room(&self.exchange))?);
        }
        self.rest = bytes;
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.body.size_hint().exact().is_some()
    }

    fn part(&mut self) -> Option<Frame<Bytes>> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.split_to(self.rest.len().min(PART));
        let held = self.held.clone()?;
        self.exchange.waits_for_caller(self.budget.progress_time);
        Some(Frame::data(Bytes::from_owner(Part { bytes, held })))
    }

    /// The end of an answer that cannot go on.
    fn broken(&self, problem: Problem) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if matches!(self.stream, Stream::Http) {
            problem.log();
            return Poll::Ready(Some(Err(axum::Error::new(problem.public_message()))));
        }
        Poll::Ready(Some(Ok(Frame::trailers(trailers(&problem.into())))))
    }

    /// A stream ends after the longest time, and its caller asks again.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        match &mut self.stream {
            Stream::Watch(end, _) => end.as_mut().poll(context).is_ready(),
            Stream::Http | Stream::Grpc => false,
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if let Some(part) = self.part() {
                return Poll::Ready(Some(Ok(part)));
            }
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(other) => return Poll::Ready(other),
                Poll::Pending if self.is_over(context) => {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers(&Status::ok(""))))));
                }
                Poll::Pending => {
                    self.exchange.waits_for_service();
                    return Poll::Pending;
                }
            };
            match frame.into_data() {
                Ok(data) => {
                    if let Err(problem) = self.take(data) {
                        return self.broken(problem);
                    }
                }
                Err(mut frame) => {
                    if let Some(trailers) = frame.trailers_mut() {
                        blame_the_caller(trailers);
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

/// gRPC calls a message that cannot be decoded a fault of the service, if nobody says otherwise. Whatever is ours carries
/// a code, so what carries none is the decoder's.
pub(crate) fn blame_the_caller(headers: &mut HeaderMap) {
    let is_internal = headers
        .get(Status::GRPC_STATUS)
        .is_some_and(|status| status == "13");
    if is_internal && !headers.contains_key(CODE_HEADER) {
        let message = "the message cannot be decoded; send what the service's description says";
        let problem = Problem::new(Kind::InvalidArgument, CODE_MESSAGE, message);
        for (name, value) in &trailers(&problem.into()) {
            headers.insert(name, value.clone());
        }
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // Only text that is no header value fails, and ours is ASCII.
    if status.add_header(&mut trailers).is_err() {
        trailers.insert(Status::GRPC_STATUS, i32::from(Code::Internal).into());
    }
    trailers
}

fn too_large(length: usize, budget: Budget) -> Problem {
    let limit = budget.answer_bytes;
    let detail = format!("an answer of {length} bytes where the budget has {limit}");
    Problem::internal(CODE_ANSWER_SIZE, detail)
}

fn no_room(exchange: &Exchange) -> Problem {
    exchange.has_to_wait(RETRY_AFTER);
    let message = "answers that nobody takes fill the memory of the service; try again in a moment";
    Problem::new(Kind::ResourceExhausted, CODE_ANSWER_ROOM, message).with_retry_after(RETRY_AFTER)
}

/// What a stream may hold: what HTTP/2 buffers of it, and the pieces that this is a part of.
const STREAM_BYTES: usize = 2 * SEND_BUFFER;
/// The largest piece of a stream.
const LARGEST_PIECE: usize = SEND_BUFFER;
/// Small enough that a caller who takes little shows it, large enough to cost nothing.
const PART: usize = 64 << 10;
const LONGEST_WATCH: Duration = Duration::from_secs(3600);
const RETRY_AFTER: Duration = Duration::from_secs(1);
