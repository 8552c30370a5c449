//! Answers that their callers do not take.

use super::*;

/// A body of so many kilobytes; what it holds goes when it goes.
fn endless_body(kilobytes: usize, held: tokio::sync::mpsc::Sender<()>) -> axum::body::Body {
    let parts = std::iter::repeat_n(bytes::Bytes::from_static(&[0; 1024]), kilobytes);
    let parts = parts.map(move |part| {
        let _held = &held;
        Ok::<_, Infallible>(part)
    });
    axum::body::Body::from_stream(tokio_stream::iter(parts))
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const LENGTH: usize = 16 << 20;
    let (held, mut given_up) = tokio::sync::mpsc::channel(1);
    let held = std::sync::Mutex::new(Some(held));
    let impatient = Budget {
        progress_time: Duration::from_millis(50),
        ..Budget::read().answering(LENGTH)
    };
    let held = Arc::new(held);
    let handler = move || {
        let held = held.lock().unwrap().take().unwrap();
        async move { endless_body(LENGTH >> 10, held) }
    };
    let routes = Routes::new(BodyStyle::Text).get("/large", impatient, handler);
    let running = Running::start(service().public(routes)).await;
    let address = running.public.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    connection.write_all(request).await.unwrap();
    assert_eq!(given_up.recv().await, None);
    let mut read = Vec::new();
    // The connection may end with a reset, after what the kernel still had.
    let _end = connection.read_to_end(&mut read).await;
    assert!(read.len() < LENGTH, "all of it came");
    running.stop().await;
}

#[tokio::test]
async fn a_refusal_that_nobody_reads_is_given_up() {
    let impatient = Budget {
        progress_time: Duration::from_millis(50),
        ..Budget::new(8, 1)
    };
    let routes = Routes::new(BodyStyle::Text).post("/small", impatient, || async {});
    let running = Running::start(service().public(routes)).await;
    let client = Client::builder()
        .http2_prior_knowledge()
        // Nothing of an answer but its head may be sent.
        .http2_initial_stream_window_size(0);
    let client = client.build().unwrap();
    let request = client.post(format!("{}/small", running.public));
    let answer = request.body("123456789").send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert!(answer.bytes().await.is_err());
    running.stop().await;
}
