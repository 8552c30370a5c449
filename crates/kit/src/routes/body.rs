use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{CODE_BODY_READ, CODE_BODY_ROOM, CODE_BODY_SIZE, Kind, Problem};

/// A body, and the memory that it has for as long as its request lasts.
pub(super) struct HeldBody {
    pub(super) bytes: Bytes,
    _room: Room,
}

/// The memory for all large bodies of the process, in pages.
pub(super) static ROOM: Semaphore = Semaphore::const_new(ROOM_BYTES / PAGE_BYTES);

/// The part of that memory that one body has. It grows with what has come, not with what was declared: who declares much
/// and sends little holds little.
struct Room {
    of_all: &'static Semaphore,
    held: Option<SemaphorePermit<'static>>,
}

impl Room {
    /// Makes it enough for so many bytes; tells whether there was as much.
    fn grow(&mut self, length: usize) -> bool {
        let held = self.held.as_ref().map_or(0, SemaphorePermit::num_permits);
        let pages = match length {
            ..=SMALL_BYTES => 0,
            _ => length.div_ceil(PAGE_BYTES),
        };
        let Some(more) = pages.checked_sub(held).filter(|more| *more > 0) else {
            return true;
        };
        let Ok(more) = self.of_all.try_acquire_many(more as u32) else {
            return false;
        };
        match &mut self.held {
            Some(held) => held.merge(more),
            held => *held = Some(more),
        }
        true
    }
}

/// Reads a request body of at most `limit` bytes.
///
/// Small ones always have room, because a connection holds as much anyway; large ones share `room`.
///
/// A larger one is read to its end, within reason, and thrown away before it is refused: a server
/// that answers while the client still sends makes HTTP/2 clients report a reset stream instead of
/// the answer.
pub(super) async fn read_within(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    room: &'static Semaphore,
) -> Result<HeldBody, Problem> {
    let mut held = Room {
        of_all: room,
        held: None,
    };
    if body.is_end_stream() {
        let bytes = Bytes::new();
        return Ok(HeldBody { bytes, _room: held });
    }
    // A client that waits for leave to send has sent nothing, so there is nothing to drain.
    if headers.contains_key(header::EXPECT) && declared(headers).is_some_and(|n| n > limit as u64) {
        return Err(too_large(limit));
    }
    let mut read = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(unreadable)?.into_data() else {
            continue;
        };
        let length = read.len().max(joined.len()) + data.len();
        if length > limit {
            drain(body).await;
            return Err(too_large(limit));
        }
        if !held.grow(length) {
            drain(body).await;
            return Err(no_room());
        }
        // Most bodies are one frame, and stay the buffer that they came in.
        if joined.is_empty() && read.is_empty() {
            read = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut read));
            joined.extend_from_slice(&data);
        }
    }
    let bytes = if joined.is_empty() {
        read
    } else {
        joined.freeze()
    };
    Ok(HeldBody { bytes, _room: held })
}

async fn drain(mut body: Body) {
    let rest = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > DRAIN_BYTES {
                return;
            }
        }
    };
    // Whether it ended or not, the answer is the same.
    let _ended = tokio::time::timeout(DRAIN_TIME, rest).await;
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn too_large(limit: usize) -> Problem {
    let message = format!(
        "the request body is larger than the {limit} bytes that this path takes; send a smaller one"
    );
    Problem::new(Kind::PayloadTooLarge, CODE_BODY_SIZE, message)
}

fn no_room() -> Problem {
    let message = "the service holds as many large requests as it can; try again in a moment";
    Problem::new(Kind::ResourceExhausted, CODE_BODY_ROOM, message).with_retry_after(RETRY_AFTER)
}

fn unreadable(error: axum::Error) -> Problem {
    let message = "the request body could not be read to its end; send the request again";
    Problem::new(Kind::InvalidArgument, CODE_BODY_READ, message).with_detail(error)
}

/// Enough for every honest mistake; beyond it a client only costs bandwidth.
const DRAIN_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

const SMALL_BYTES: usize = 64 << 10;
const ROOM_BYTES: usize = 256 << 20;
const PAGE_BYTES: usize = 4 << 10;
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    static TIGHT: Semaphore = Semaphore::const_new((96 << 10) / PAGE_BYTES);

    async fn read(length: usize) -> Result<HeldBody, Problem> {
        let body = Body::from(vec![b'x'; length]);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, length.into());
        read_within(&headers, body, 1 << 20, &TIGHT).await
    }

    #[tokio::test]
    async fn large_bodies_share_their_room_and_small_ones_need_none() {
        let first = read(80 << 10).await.unwrap_or_else(|_| unreachable!());
        let refused = read(80 << 10).await.err();
        assert_eq!(refused.map(|problem| problem.code), Some(CODE_BODY_ROOM));
        assert!(read(64 << 10).await.is_ok());
        drop(first);
        assert!(read(80 << 10).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_has_as_much_room_as_has_come_of_it() {
        static ROOM: Semaphore = Semaphore::const_new(64);
        let (sender, body) = tokio::sync::mpsc::channel::<Bytes>(1);
        let body = futures::stream::unfold(body, async |mut body| {
            let part = body.recv().await?;
            Some((Ok::<_, std::io::Error>(part), body))
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, (1 << 20).into());
        let reading = tokio::spawn(async move {
            read_within(&headers, Body::from_stream(Box::pin(body)), 1 << 20, &ROOM).await
        });
        for held in [0, 25, 50] {
            while ROOM.available_permits() != 64 - held {
                tokio::task::yield_now().await;
            }
            let part = Bytes::from(vec![b'x'; 100 << 10]);
            sender.send(part).await.unwrap();
        }
        let refused = reading.await.unwrap().err();
        assert_eq!(refused.map(|problem| problem.code), Some(CODE_BODY_ROOM));
        assert_eq!(ROOM.available_permits(), 64);
    }
}
