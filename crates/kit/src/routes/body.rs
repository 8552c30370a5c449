use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use crate::problem::{CODE_BODY_READ, CODE_BODY_SIZE, Kind, Problem};

/// Reads a request body of at most `limit` bytes.
///
/// A larger one is read to its end, within reason, and thrown away before it is refused: a server
/// that answers while the client still sends makes HTTP/2 clients report a reset stream instead of
/// the answer.
pub(super) async fn read_within(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
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
        if read.len().max(joined.len()) + data.len() > limit {
            drain(body).await;
            return Err(too_large(limit));
        }
        // Most bodies are one frame, and stay the buffer that they came in.
        if joined.is_empty() && read.is_empty() {
            read = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut read));
            joined.extend_from_slice(&data);
        }
    }
    Ok(if joined.is_empty() {
        read
    } else {
        joined.freeze()
    })
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
    let message = format!("the request body is larger than the {limit} bytes that this path takes");
    Problem::new(Kind::PayloadTooLarge, CODE_BODY_SIZE, message)
}

fn unreadable(error: axum::Error) -> Problem {
    let message = "the request body could not be read to its end; send the request again";
    Problem::new(Kind::InvalidArgument, CODE_BODY_READ, message).with_detail(error)
}

/// Enough for every honest mistake; beyond it a client only costs bandwidth.
const DRAIN_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);
