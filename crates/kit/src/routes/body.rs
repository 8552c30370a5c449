use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use crate::budget::Budget;
use crate::problem::{
    CODE_BODY_READ, CODE_BODY_ROOM, CODE_BODY_SIZE, CODE_BODY_SLOW, Kind, Problem,
};
use crate::room::Room;

/// A body, and the room that it has for as long as its request lasts.
pub(crate) struct HeldBody {
    pub(crate) bytes: Bytes,
    _room: Room,
}

/// Reads a request body within `budget`; every byte of it has room.
///
/// A larger one is read to its end, within reason, and thrown away before it is refused: a server
/// that answers while the client still sends makes HTTP/2 clients report a reset stream instead of
/// the answer.
pub(crate) async fn read_within(
    headers: &HeaderMap,
    body: Body,
    budget: &Budget,
    room: Room,
) -> Result<HeldBody, Problem> {
    if body.is_end_stream() {
        let bytes = Bytes::new();
        return Ok(HeldBody { bytes, _room: room });
    }
    let reading = read(headers, body, budget.body_bytes, room);
    let read = tokio::time::timeout(budget.read_time, reading).await;
    read.unwrap_or_else(|_| Err(slow(budget)))
}

async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    mut room: Room,
) -> Result<HeldBody, Problem> {
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
        // Growing memory is as large as it can become, not as what is in it.
        if !room.grow(length.max(joined.capacity())) {
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
    Ok(HeldBody { bytes, _room: room })
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

fn slow(budget: &Budget) -> Problem {
    let seconds = budget.read_time.as_secs_f64();
    let message = format!(
        "the request body did not arrive within {seconds} seconds; send it faster, or send less"
    );
    Problem::new(Kind::RequestTimeout, CODE_BODY_SLOW, message)
}

/// Enough for every honest mistake; beyond it a client only costs bandwidth.
const DRAIN_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::room::{Pool, Share};

    #[tokio::test]
    async fn a_body_has_as_much_room_as_has_come_of_it() {
        static POOL: Pool = Pool::new(256 << 10);
        let share = Arc::new(Share::of(&POOL));
        let room = Room::new(Arc::clone(&share));
        let (sender, body) = tokio::sync::mpsc::channel::<Bytes>(1);
        let body = futures::stream::unfold(body, async |mut body| {
            let part = body.recv().await?;
            Some((Ok::<_, std::io::Error>(part), body))
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, (1 << 20).into());
        let reading = tokio::spawn(async move {
            let body = Body::from_stream(Box::pin(body));
            read_within(&headers, body, &Budget::new(1 << 20, 5), room).await
        });
        assert!(!share.is_held(), "what was declared is held");
        for _ in 0..5 {
            let part = Bytes::from(vec![b'x'; 100 << 10]);
            sender.send(part).await.unwrap();
        }
        drop(sender);
        let refused = reading.await.unwrap().err();
        assert_eq!(refused.map(|problem| problem.code), Some(CODE_BODY_ROOM));
        assert!(!share.is_held());
    }
}
