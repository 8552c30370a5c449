use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::Connection;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::forwarded::Proxies;
use crate::listen::{AdminListenConfig, CertifiedListenConfig, ListenConfig, TlsConfig};
use crate::reload::HangUps;
use crate::serve::Server;
use crate::tls::{CallerAuthorities, Tls};

/// An address to bind, and what is to be known of those who connect to it.
pub(crate) struct Place<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<&'a TlsConfig>,
    /// Whose certificates callers are asked for.
    pub(crate) callers: Option<CallerAuthorities>,
    /// Who may name the caller of a request.
    pub(crate) proxies: Proxies,
    /// How many connections it holds.
    pub(crate) connections: usize,
}

impl<'a> Place<'a> {
    /// One that anybody may connect to and nobody speaks for others at.
    pub(crate) fn of(listen: &'a ListenConfig, connections: usize) -> Self {
        Self {
            address: listen.address,
            tls: listen.tls.as_ref(),
            callers: None,
            proxies: Proxies::default(),
            connections,
        }
    }

    /// One that only holders of a certificate come in by.
    pub(crate) fn of_admin(listen: &'a AdminListenConfig, connections: usize) -> Self {
        Self::for_holders(listen.address, &listen.tls, &listen.client_ca, connections)
    }

    /// The same for another interface than that of administrators.
    pub(crate) fn of_certified(listen: &'a CertifiedListenConfig, connections: usize) -> Self {
        Self::for_holders(listen.address, &listen.tls, &listen.client_ca, connections)
    }

    fn for_holders(
        address: SocketAddr,
        tls: &'a TlsConfig,
        authorities: &Path,
        connections: usize,
    ) -> Self {
        Self {
            address,
            tls: Some(tls),
            callers: Some(CallerAuthorities {
                path: authorities.to_owned(),
                are_optional: false,
            }),
            proxies: Proxies::default(),
            connections,
        }
    }
}

/// A bound address that serves one router.
pub(crate) struct Listener {
    tcp: TcpListener,
    tls: Option<Arc<Tls>>,
    proxies: Proxies,
    address: SocketAddr,
    crowd: Arc<Crowd>,
}

impl Listener {
    pub(crate) async fn bind(place: Place<'_>) -> Result<Self, Error> {
        let address = place.address;
        let tls = place.tls.map(|files| Tls::load(files, place.callers));
        let tls = tls.transpose()?.map(Arc::new);
        let failed = |source| Error::Bind { address, source };
        let tcp = listen(address).map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        let crowd = Crowd::new(place.connections, Arc::clone(&place.proxies.trusted));
        Ok(Self {
            tcp,
            tls,
            proxies: place.proxies,
            address,
            crowd,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The TLS side, if it has one.
    pub(crate) fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    pub(crate) fn most_connections(&self) -> usize {
        self.crowd.most()
    }

    /// Accepts until told to stop, then lets running requests end, up to the drain deadline.
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken, hang_ups: HangUps) {
        let follow = self
            .tls
            .clone()
            .map(|tls| tokio::spawn(tls.follow(stop.clone(), hang_ups)));
        let connections = TaskTracker::new();
        let cut = CancellationToken::new();
        let server = Server {
            router: router.with_state(()),
            tls: self.tls.clone(),
            proxies: self.proxies.clone(),
            stop: stop.clone(),
            cut: cut.clone(),
        };
        self.accept(Arc::new(server), &connections, &stop).await;
        drop(self.tcp);
        connections.close();
        if tokio::time::timeout(DRAIN, connections.wait())
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
        connections: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let mut trouble = Trouble::new(self.address);
        loop {
            // The place comes first, so that what is over the limit waits in the kernel's queue.
            let next = async {
                self.crowd.place().await;
                self.tcp.accept().await
            };
            let Some(accepted) = stop.run_until_cancelled(next).await else {
                return;
            };
            match accepted {
                Ok((stream, peer)) => {
                    trouble.is_over();
                    self.begin(&server, connections, stream, peer, &mut trouble);
                }
                Err(error) => {
                    // Out of file descriptors, most likely: without a pause this loop would spin.
                    self.crowd.make_room();
                    let pause = trouble.pause(&error);
                    stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                }
            }
        }
    }

    fn begin(
        &self,
        server: &Arc<Server>,
        connections: &TaskTracker,
        stream: TcpStream,
        peer: SocketAddr,
        trouble: &mut Trouble,
    ) {
        let connection = Connection::new(peer);
        let Some(member) = self.crowd.admit(&connection) else {
            trouble.refused(peer);
            return;
        };
        let server = Arc::clone(server);
        connections.spawn(async move {
            server.connection(stream, connection).await;
            drop(member);
        });
    }
}

/// Listens with a queue long enough for a flood that the service sheds as fast as it accepts. When the queue overflows, the
/// kernel drops connections that their clients take for open.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A restarted service gets its port back while connections of before are still closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// What goes wrong while accepting: waited out for longer each time, and told once in a while instead of each time.
struct Trouble {
    address: SocketAddr,
    pause: Duration,
    told: Option<Instant>,
    untold: u64,
}

impl Trouble {
    fn new(address: SocketAddr) -> Self {
        Self {
            address,
            pause: SHORTEST_PAUSE,
            told: None,
            untold: 0,
        }
    }

    fn is_over(&mut self) {
        self.pause = SHORTEST_PAUSE;
    }

    fn pause(&mut self, error: &std::io::Error) -> Duration {
        if let Some(times) = self.is_to_tell(Instant::now()) {
            tracing::warn!(%error, address = %self.address, times, "connections are not accepted");
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }

    fn refused(&mut self, peer: SocketAddr) {
        if let Some(times) = self.is_to_tell(Instant::now()) {
            tracing::warn!(
                peer = %peer.ip(), address = %self.address, times,
                "a peer has as many connections as it may, all of them at work; no more are taken"
            );
        }
    }

    /// How many times it happened since it was last told, if it is to be told now.
    fn is_to_tell(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        if self.told.is_some_and(|told| now < told + TELL) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

/// Longer than any route's deadline that clients wait for.
pub(crate) const DRAIN: Duration = Duration::from_secs(25);
/// The kernel lowers it to `net.core.somaxconn`, which is 4096 on systems of today.
const QUEUE: u32 = 4096;
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const TELL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_in_a_while_and_waited_out_for_longer_each_time() {
        let mut trouble = Trouble::new(SocketAddr::from(([127, 0, 0, 1], 1)));
        let start = Instant::now();
        for (after, told) in [
            (0, Some(1)),
            (1, None),
            (2, None),
            (30, Some(3)),
            (31, None),
        ] {
            let now = start + Duration::from_secs(after);
            assert_eq!(trouble.is_to_tell(now), told, "after {after} seconds");
        }
        let error = std::io::Error::from_raw_os_error(24);
        let pauses: Vec<_> = (0..9).map(|_| trouble.pause(&error)).collect();
        assert!(pauses.is_sorted());
        assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
        trouble.is_over();
        assert_eq!(trouble.pause(&error), SHORTEST_PAUSE);
    }
}
