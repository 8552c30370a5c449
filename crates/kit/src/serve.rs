use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::budget::{PROGRESS, SEND_BUFFER};
use crate::connected::{CallerAddress, PeerCertificate};
use crate::connection::{Connection, End, Exchange, IDLE, Streams};
use crate::forwarded::Proxies;
use crate::problem::{BodyStyle, CODE_HOST, Kind, Problem};
use crate::tls::Tls;

/// Serves the connections of one listener.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Who may name the caller of a request.
    pub(crate) proxies: Proxies,
    /// Begins the drain: no new requests.
    pub(crate) stop: CancellationToken,
    /// Ends the drain: no more waiting.
    pub(crate) cut: CancellationToken,
}

impl Server {
    pub(crate) async fn connection(&self, stream: TcpStream, connection: Arc<Connection>) {
        // Small answers must not wait for the peer's acknowledgement.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let peer = connection.peer;
        let Some(tls) = &self.tls else {
            return self.serve(stream, connection, None).await;
        };
        let handshake = tokio::time::timeout(HANDSHAKE, tls.acceptor().accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            _ = connection.watch() => return,
        };
        match handshake {
            Ok(Ok(stream)) => {
                let (_, session) = stream.get_ref();
                let certificate = session
                    .peer_certificates()
                    .and_then(<[_]>::first)
                    .map(|der| PeerCertificate(der.clone().into_owned()));
                self.serve(stream, connection, certificate).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, %peer, "a tls handshake failed"),
            Err(_) => tracing::debug!(%peer, "a tls handshake took too long"),
        }
    }

    async fn serve<IO>(
        &self,
        io: IO,
        connection: Arc<Connection>,
        certificate: Option<PeerCertificate>,
    ) where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let peer = connection.peer;
        let (router, ours) = (self.router.clone(), Arc::clone(&connection));
        let proxies = self.proxies.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let caller = proxies.caller(peer.ip(), request.headers());
            request.extensions_mut().insert(CallerAddress(caller));
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            answer(router.clone(), Arc::clone(&ours), request)
        });
        let builder = builder(&connection);
        let mut protocol = pin!(builder.serve_connection(TokioIo::new(io), service));
        let mut is_ending = false;
        loop {
            tokio::select! {
                ended = protocol.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, %peer, "a connection ended with an error");
                    }
                    return;
                }
                () = self.cut.cancelled() => return,
                () = self.stop.cancelled(), if !is_ending => {
                    is_ending = true;
                    protocol.as_mut().graceful_shutdown();
                }
                end = connection.watch() => {
                    // What arrived whole after the choice had fallen on this connection is still answered.
                    let is_owed = end == End::Shed && connection.owes();
                    if is_ending || !(end == End::Idle || is_owed) {
                        tracing::debug!(?end, %peer, "a connection is cut");
                        return;
                    }
                    // A client that is about to ask learns that it has to connect again.
                    is_ending = true;
                    protocol.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

async fn answer(
    router: Router,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    let exchange = Exchange::of_this_task(&connection);
    if let Some(CallerAddress(caller)) = request.extensions().get() {
        exchange.comes_from(*caller);
    }
    let response = route(router, Arc::clone(&exchange), request).await;
    exchange.is_answered(PROGRESS);
    response
}

async fn route(
    mut router: Router,
    exchange: Arc<Exchange>,
    mut request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    // HTTP/1 refuses them while parsing; HTTP/2 only counts their bytes.
    if request.headers().len() > MAX_HEADERS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Ok(response);
    }
    // RFC 9112 §3.2. A proxy and a server that each pick another of two names disagree about whom a request is for.
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        let message = "an HTTP/1.1 request has one Host header; send it once";
        let problem = Problem::new(Kind::InvalidArgument, CODE_HOST, message);
        return Ok(problem.response(BodyStyle::Text));
    }
    request.extensions_mut().insert(exchange);
    router.call(request).await
}

fn builder(connection: &Arc<Connection>) -> Builder<Streams> {
    let mut builder = Builder::new(Streams(Arc::clone(connection)));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADER_BYTES as u32)
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_ANSWER);
    builder
}

// Each of these bounds what one unauthenticated peer can hold: memory for headers, streams and
// bodies that nobody reads yet, and the time for which it can hold them.
const MAX_HEADER_BYTES: usize = 16 << 10;
const MAX_HEADERS: usize = 64;
const MAX_STREAMS: u32 = 200;
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
const HANDSHAKE: Duration = Duration::from_secs(10);
/// HTTP/1 counts it from the end of the last answer, so it is longer than an idle connection lives. For the first head of
/// a connection `Connection::watch` has a shorter time.
const HEADER_READ: Duration = Duration::from_secs(IDLE.as_secs() + 10);
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(20);
