//! A mirror of a TUF repository in the hands of somebody else.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Frame;

/// The mirror. It serves one folder after the other at one address.
pub(crate) struct Mirror {
    pub(crate) url: String,
    shown: Arc<Mutex<Shown>>,
    _runtime: tokio::runtime::Runtime,
}

/// What the mirror shows. The test alone writes it; each answer is made of what it says then.
#[derive(Default)]
struct Shown {
    folder: PathBuf,
    /// The file whose answer never ends.
    endless: Option<&'static str>,
    /// How much of it was taken.
    sent: Arc<AtomicUsize>,
}

impl Mirror {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let shown = Arc::<Mutex<Shown>>::default();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        let router = router.with_state(Arc::clone(&shown));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            shown,
            _runtime: runtime,
        }
    }

    pub(crate) fn show(&self, folder: PathBuf) {
        *self.shown.lock().unwrap() = Shown {
            folder,
            ..Shown::default()
        };
    }

    /// Shows the same, but for one file, which never ends.
    pub(super) fn show_endless(&self, file: &'static str) {
        let mut shown = self.shown.lock().unwrap();
        shown.endless = Some(file);
        shown.sent = Arc::default();
    }

    /// How many bytes of the endless file were taken.
    pub(super) fn sent(&self) -> usize {
        self.shown.lock().unwrap().sent.load(Ordering::Relaxed)
    }
}

async fn answer(State(shown): State<Arc<Mutex<Shown>>>, uri: Uri) -> Response {
    let shown = shown.lock().unwrap();
    let file = uri.path().trim_start_matches('/');
    if shown.endless == Some(file) {
        return Body::new(Endless(Arc::clone(&shown.sent))).into_response();
    }
    match std::fs::read(shown.folder.join(file)) {
        Ok(bytes) => bytes.into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A body without an end.
struct Endless(Arc<AtomicUsize>);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.fetch_add(BLANKS.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(BLANKS)))))
    }
}

const BLANKS: &[u8] = &[b' '; 1 << 16];
