use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::tls::Tls;
use crate::{Error, TlsConfig};

/// Where a request came from; an extension of every request. Behind a proxy it is the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The certificate that the client proved to hold; an extension of every request to the admin
/// interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate(pub CertificateDer<'static>);

/// A bound address that serves one router.
pub(crate) struct Listener {
    tcp: TcpListener,
    tls: Option<Arc<Tls>>,
    address: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(
        address: SocketAddr,
        tls: Option<&TlsConfig>,
        client_ca: Option<&Path>,
    ) -> Result<Self, Error> {
        let tls = tls
            .map(|files| Tls::load(files, client_ca))
            .transpose()?
            .map(Arc::new);
        let failed = |source| Error::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, tls, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until told to stop, then lets running requests end, up to the drain deadline.
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken) {
        let follow = self
            .tls
            .clone()
            .map(|tls| tokio::spawn(tls.follow(stop.clone())));
        let connections = GracefulShutdown::new();
        let cut = CancellationToken::new();
        let server = Server {
            router: router.with_state(()),
            builder: builder(),
            tls: self.tls.clone(),
            cut: cut.clone(),
        };
        self.accept(Arc::new(server), &connections, &stop).await;
        drop(self.tcp);
        if tokio::time::timeout(DRAIN, connections.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(address = %self.address, "connections were cut at the drain deadline");
        }
        cut.cancel();
        if let Some(follow) = follow {
            follow.abort();
        }
    }

    async fn accept(
        &self,
        server: Arc<Server>,
        connections: &GracefulShutdown,
        stop: &CancellationToken,
    ) {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            // The slot comes first, so that what is over the cap waits in the kernel's queue.
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, self.tcp.accept().await)
            };
            let Some((slot, accepted)) = stop.run_until_cancelled(next).await else {
                return;
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (server, watcher) = (Arc::clone(&server), connections.watcher());
                    tokio::spawn(async move {
                        server.connection(stream, peer, watcher).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, address = %self.address, "a connection was not accepted");
                    // Out of file descriptors, most likely: without a pause this loop would spin.
                    stop.run_until_cancelled(tokio::time::sleep(ACCEPT_PAUSE))
                        .await;
                }
            }
        }
    }
}

struct Server {
    router: Router,
    builder: Builder<TokioExecutor>,
    tls: Option<Arc<Tls>>,
    cut: CancellationToken,
}

impl Server {
    async fn connection(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        // Small answers must not wait for the peer's acknowledgement.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Some(tls) = &self.tls else {
            return self.serve(stream, peer, None, watcher).await;
        };
        let handshake = tls.acceptor().accept(stream);
        match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => {
                let (_, session) = stream.get_ref();
                let certificate = session
                    .peer_certificates()
                    .and_then(<[_]>::first)
                    .map(|der| PeerCertificate(der.clone().into_owned()));
                self.serve(stream, peer, certificate, watcher).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, %peer, "a tls handshake failed"),
            Err(_) => tracing::debug!(%peer, "a tls handshake took too long"),
        }
    }

    async fn serve<IO>(
        &self,
        io: IO,
        peer: SocketAddr,
        certificate: Option<PeerCertificate>,
        watcher: Watcher,
    ) where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let spoke = Arc::new(AtomicBool::new(false));
        let first_request = Arc::clone(&spoke);
        let router = self.router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            first_request.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(PeerAddress(peer));
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            answer(router.clone(), request)
        });
        let connection = self.builder.serve_connection(TokioIo::new(io), service);
        tokio::select! {
            ended = watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(%error, %peer, "a connection ended with an error");
            },
            () = silence(&spoke) => tracing::debug!(%peer, "a connection asked for nothing"),
            () = self.cut.cancelled() => {}
        }
    }
}

async fn answer(
    mut router: Router,
    request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    // HTTP/1 refuses them while parsing; HTTP/2 only counts their bytes.
    if request.headers().len() > MAX_HEADERS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Ok(response);
    }
    router.call(request).await
}

/// Ends if the first request does not come in time. Later ones have the protocol's own time-outs,
/// but before the first one the protocol is not known.
async fn silence(spoke: &AtomicBool) {
    tokio::time::sleep(HEADER_READ).await;
    if spoke.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
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
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_ANSWER);
    builder
}

// Each of these bounds what one unauthenticated peer can hold: memory for headers, streams and
// connections, and the time for which it can hold them.
const MAX_HEADER_BYTES: usize = 16 << 10;
const MAX_HEADERS: usize = 64;
const MAX_STREAMS: u32 = 200;
const MAX_CONNECTIONS: usize = 8192;
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADER_READ: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(20);
/// Longer than any route's deadline that clients wait for.
const DRAIN: Duration = Duration::from_secs(25);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
