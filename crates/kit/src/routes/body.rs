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
    _room: Option<SemaphorePermit<'static>>,
}

/// The memory for all large bodies of the process, in pages.
pub(super) static ROOM: Semaphore = Semaphore::const_new(ROOM_BYTES / PAGE_BYTES);

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
    let mut held = None;
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
        if length > SMALL_BYTES && held.is_none() {
            let needed = declared(headers).map_or(limit, |length| limit.min(length as usize));
            let pages = needed.div_ceil(PAGE_BYTES) as u32;
            let Ok(permit) = room.try_acquire_many(pages) else {
                drain(body).await;
                return Err(no_room());
            };
            held = Some(permit);
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
}
