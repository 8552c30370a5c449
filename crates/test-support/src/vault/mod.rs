//! An emulation of the transit engine of Vault and OpenBao, for tests. It is neither of them.
//!
//! What it does is written from their documentation and from the sources of OpenBao 2: paths, statuses and the form of
//! answers and refusals, versions of keys, tokens with policies and times, namespaces, the sealed state, and the import of
//! wrapped keys. What it has not: other engines, leases, quotas, replication, standbys, batches, derived keys, and all that
//! a client of a signing service does not call. That it agrees with a real server has to be seen with a real server.

mod answer;
mod engine;
mod key;
mod route;
mod tokens;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use self::engine::Engine;
pub use self::engine::Manner;
pub use self::tokens::TokenOptions;

/// A server in a thread of its own, which ends with the value.
pub struct Vault {
    address: SocketAddr,
    scheme: &'static str,
    engine: Arc<Mutex<Engine>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Vault {
    /// One over plain HTTP, as an agent on the same machine has it, with an engine mounted at `transit`.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn start() -> Self {
        Self::serve(None)
    }

    /// One over TLS, with a certificate and its key, PEM.
    ///
    /// # Panics
    /// If these are not a certificate and its key, or no port is free.
    #[must_use]
    pub fn start_with_tls(certificate: &[u8], key: &[u8]) -> Self {
        let chain = CertificateDer::pem_slice_iter(certificate);
        let chain = chain.collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(key).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(chain, key).unwrap();
        Self::serve(Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn serve(acceptor: Option<TlsAcceptor>) -> Self {
        let engine = Arc::new(Mutex::new(Engine::new()));
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = std::sync::mpsc::channel();
        let router = route::router(Arc::clone(&engine));
        let thread = std::thread::spawn(move || {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = listen(listener, acceptor, router) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: address.recv().unwrap(),
            scheme,
            engine,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    /// Makes a token.
    #[must_use]
    pub fn token(&self, options: TokenOptions) -> String {
        self.engine().tokens.make(options)
    }

    /// Ends a token.
    pub fn revoke(&self, token: &str) {
        self.engine().tokens.revoke(token);
    }

    /// Makes a key of a type at `transit`.
    pub fn make_key(&self, name: &str, kind: &str) {
        self.engine().make_key(name, kind);
    }

    /// Gives a key a further version, which is the one that signs where none is named.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn rotate(&self, name: &str) {
        self.engine().rotate(name);
    }

    /// Takes what comes as [`Manner`] says.
    pub fn behave(&self, manner: Manner) {
        self.engine().manner = manner;
    }

    /// How often each path was called and answered well.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.engine().calls.clone()
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(listener: TcpListener, acceptor: Option<TlsAcceptor>, router: Router) {
    match acceptor {
        None => axum::serve(listener, router).await.unwrap(),
        Some(acceptor) => {
            let listener = TlsListener { listener, acceptor };
            axum::serve(listener, router).await.unwrap();
        }
    }
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else {
                continue;
            };
            // A client that does not trust the certificate hangs up.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
