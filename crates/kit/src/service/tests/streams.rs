use bytes::Bytes;
use reqwest::Response;

use super::*;
use crate::problem::{CODE_INTERNAL, Problem};

const PIECES: usize = 128;
const PIECE: usize = 128 << 10;

/// Serves an answer that is read while it is sent, and counts the pieces that were read for it.
async fn start(pieces: Arc<AtomicUsize>) -> Running {
    let large = Budget::read().streaming(PIECES * PIECE);
    let whole = |length: usize| move || async move { vec![0; length] };
    let routes = Routes::new(BodyStyle::Text)
        .get("/stream", large, move || {
            let pieces = Arc::clone(&pieces);
            async move { crate::streamed(Some((PIECES * PIECE) as u64), numbered(pieces)) }
        })
        .get("/broken", large, || async {
            let problem = Problem::internal(CODE_INTERNAL, "the disk is away");
            let pieces = [Ok(Bytes::from_static(b"first")), Err(problem)];
            crate::streamed(Some(10), futures::stream::iter(pieces))
        })
        .get("/long-piece", large, || async {
            let piece = Bytes::from(vec![0; (256 << 10) + 1]);
            crate::streamed(None, futures::stream::iter([Ok(piece)]))
        })
        .get("/whole", large, whole(1 << 20))
        .get("/too-whole", large, whole((1 << 20) + 1));
    Running::start(service().public(routes)).await
}

fn numbered(
    pieces: Arc<AtomicUsize>,
) -> impl futures::Stream<Item = Result<Bytes, Problem>> + Send + 'static {
    futures::stream::iter((0..PIECES).map(move |number| {
        pieces.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from(vec![number as u8; PIECE]))
    }))
}

async fn get(client: &Client, running: &Running, path: &str) -> Response {
    let url = format!("{}{path}", running.public);
    client.get(url).send().await.unwrap()
}

#[tokio::test]
async fn streams_that_nobody_takes_hold_little_and_keep_nobody_from_theirs() {
    let read = Arc::new(AtomicUsize::new(0));
    let running = start(Arc::clone(&read)).await;
    let mut untaken = Vec::new();
    // Together they are four times what all answers may hold.
    for _ in 0..16 {
        let client = Client::builder()
            .http2_prior_knowledge()
            .http2_initial_stream_window_size(64 << 10);
        let answer = get(&client.build().unwrap(), &running, "/stream").await;
        assert_eq!(answer.status(), 200);
        untaken.push(answer);
    }
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    let before = read.load(Ordering::Relaxed);
    let answer = get(&client, &running, "/stream").await;
    assert_eq!(answer.headers()["content-length"], "16777216");
    let body = answer.bytes().await.unwrap();
    assert_eq!(body.len(), PIECES * PIECE);
    assert!((0..PIECES).all(|number| body[number * PIECE] == number as u8));
    let others = read.load(Ordering::Relaxed) - PIECES;
    assert!(
        before <= others && others <= 16 * 5,
        "{others} pieces were read"
    );
    // What nobody took is given when it is taken.
    let late = untaken.pop().unwrap().bytes().await.unwrap();
    assert_eq!(late, body);
    drop(untaken);
    running.stop().await;
}

#[tokio::test]
async fn a_stream_over_http1_is_whole_and_says_its_length() {
    let running = start(Arc::default()).await;
    let answer = get(&Client::new(), &running, "/stream").await;
    assert_eq!(answer.headers()["content-length"], "16777216");
    assert!(!answer.headers().contains_key("transfer-encoding"));
    assert_eq!(answer.bytes().await.unwrap().len(), PIECES * PIECE);
    running.stop().await;
}

#[tokio::test]
async fn a_stream_that_fails_is_seen_to_be_incomplete() {
    let running = start(Arc::default()).await;
    let http2 = Client::builder().http2_prior_knowledge();
    for client in [Client::new(), http2.build().unwrap()] {
        for path in ["/broken", "/long-piece"] {
            let url = format!("{}{path}", running.public);
            // HTTP/1 may give up before the head is written.
            let Ok(answer) = client.get(url).send().await else {
                continue;
            };
            assert_eq!(answer.status(), 200);
            assert!(answer.bytes().await.is_err(), "{path}");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_read_while_it_is_sent_is_short_on_a_route_of_streams() {
    let running = start(Arc::default()).await;
    let client = Client::new();
    let answer = get(&client, &running, "/whole").await;
    assert_eq!(answer.bytes().await.unwrap().len(), 1 << 20);
    assert_eq!(get(&client, &running, "/too-whole").await.status(), 500);
    running.stop().await;
}
