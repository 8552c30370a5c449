use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::address_block::AddressBlock;
use crate::connection::Connection;
use crate::peer::{Source, share_of_proxy};

/// The connections of one listener: how many there are, whose they are, and which of them goes when there are too many.
///
/// A connection to which the service owes nothing can go: it asked for nothing, or has not finished asking. Of those, the
/// one that has been still for the longest time goes, of the address that has the most. So what floods the listener
/// displaces itself.
pub(crate) struct Crowd {
    most: usize,
    /// Who has the share of a proxy.
    proxies: Arc<[AddressBlock]>,
    members: Mutex<Members>,
    left: Notify,
}

#[derive(Default)]
struct Members {
    next: u64,
    connections: HashMap<u64, Arc<Connection>>,
    of_source: HashMap<Source, usize>,
}

/// A place among the connections of a listener, free again when it goes.
pub(crate) struct Member {
    crowd: Arc<Crowd>,
    number: u64,
    source: Source,
}

impl Crowd {
    pub(crate) fn new(most: usize, proxies: Arc<[AddressBlock]>) -> Arc<Self> {
        Arc::new(Self {
            most,
            proxies,
            members: Mutex::default(),
            left: Notify::new(),
        })
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Waits for a place. When there is none, a connection that can go is told to.
    pub(crate) async fn place(&self) {
        loop {
            let left = self.left.notified();
            {
                let members = self.lock();
                if members.connections.len() < self.most {
                    return;
                }
                members.shed_any();
            }
            // A connection that owed its answer at this look owes nothing once it has given it, and stays.
            let _ = tokio::time::timeout(LOOK, left).await;
        }
    }

    /// Tells one connection to go, whatever the number of places: the process has no descriptor left.
    pub(crate) fn make_room(&self) {
        self.lock().shed_any();
    }

    /// Gives a connection its place, unless its peer has as many as it may and none of them can go.
    pub(crate) fn admit(self: &Arc<Self>, connection: &Arc<Connection>) -> Option<Member> {
        let address = connection.peer.ip();
        let source = Source::of(address);
        let is_proxy = self.proxies.iter().any(|block| block.contains(address));
        let share = match is_proxy {
            true => share_of_proxy(self.most),
            false => source.share(self.most),
        };
        let mut members = self.lock();
        let held = members.of_source.get(&source).copied().unwrap_or_default();
        if held >= share && !members.shed_of(source) {
            return None;
        }
        let number = members.next;
        members.next += 1;
        members.connections.insert(number, Arc::clone(connection));
        *members.of_source.entry(source).or_default() += 1;
        Some(Member {
            crowd: Arc::clone(self),
            number,
            source,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    /// Tells one connection to go, of the peer that has the most if any of that can.
    fn shed_any(&self) {
        let sources = self.of_source.iter();
        let largest = sources.max_by_key(|(_, held)| **held);
        let is_shed = largest.is_some_and(|(source, _)| self.shed_of(*source));
        if !is_shed {
            self.shed(|_| true);
        }
    }

    fn shed_of(&self, source: Source) -> bool {
        self.shed(|connection| Source::of(connection.peer.ip()) == source)
    }

    /// Tells the connection to go that has been still for the longest time, of those that `is_meant` names and that can.
    /// Tells whether there was one.
    fn shed(&self, is_meant: impl Fn(&Connection) -> bool) -> bool {
        let can_go = |connection: &&Arc<Connection>| connection.can_go() && is_meant(connection);
        let connections = self.connections.values().filter(can_go);
        let oldest = connections.min_by_key(|connection| connection.moved());
        if let Some(connection) = oldest {
            connection.shed();
        }
        oldest.is_some()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.crowd.lock();
        members.connections.remove(&self.number);
        if let Some(held) = members.of_source.get_mut(&self.source) {
            *held -= 1;
            if *held == 0 {
                members.of_source.remove(&self.source);
            }
        }
        drop(members);
        self.crowd.left.notify_one();
    }
}

/// How long a listener without a place waits before it looks again for a connection that can go.
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::connection::End;

    fn connection(address: &str) -> Arc<Connection> {
        Connection::new(SocketAddr::new(address.parse().unwrap(), 1))
    }

    async fn is_told_to_go(connection: &Connection) -> bool {
        let told = futures::FutureExt::now_or_never(connection.watch());
        told == Some(End::Shed)
    }

    #[tokio::test]
    async fn a_peer_that_has_its_share_displaces_its_own_connections_only() {
        let crowd = Crowd::new(4, Arc::default());
        let other = connection("192.0.2.9");
        let _other = crowd.admit(&other).unwrap();
        let [first, second, third] = [1, 2, 3].map(|_| connection("192.0.2.1"));
        let _first = crowd.admit(&first).unwrap();
        let _second = crowd.admit(&second).unwrap();
        let _third = crowd.admit(&third).unwrap();
        assert!(!is_told_to_go(&other).await);
        let told = [is_told_to_go(&first).await, is_told_to_go(&second).await];
        assert_eq!(told.iter().filter(|told| **told).count(), 1);
    }

    #[tokio::test]
    async fn a_peer_whose_connections_are_all_at_work_gets_no_more() {
        let crowd = Crowd::new(2, Arc::default());
        let busy = connection("2001:db8::1");
        let _busy = crowd.admit(&busy).unwrap();
        let exchange = busy.exchange_for_test();
        exchange.owe();
        // Another host of the same network is the same peer.
        assert!(crowd.admit(&connection("2001:db8::2")).is_none());
        assert!(crowd.admit(&connection("2001:db8:0:1::2")).is_some());
        drop(exchange);
        assert!(crowd.admit(&connection("2001:db8::2")).is_some());
    }

    #[tokio::test]
    async fn a_trusted_proxy_has_more_than_half_because_it_speaks_for_many() {
        let crowd = Crowd::new(8, ["192.0.2.1".parse().unwrap()].into());
        let admitted = |address: &str| {
            let busy = connection(address);
            let exchange = busy.exchange_for_test();
            exchange.owe();
            crowd.admit(&busy).map(|member| (member, exchange))
        };
        let proxy: Vec<_> = (0..8).map_while(|_| admitted("192.0.2.1")).collect();
        assert_eq!(proxy.len(), 7);
        drop(proxy);
        let other: Vec<_> = (0..8).map_while(|_| admitted("192.0.2.2")).collect();
        assert_eq!(other.len(), 4);
    }

    #[tokio::test]
    async fn a_full_listener_displaces_the_peer_that_has_the_most() {
        let crowd = Crowd::new(3, Arc::default());
        let modest = connection("192.0.2.9");
        let _modest = crowd.admit(&modest).unwrap();
        let greedy = ["192.0.2.1"; 2].map(connection);
        let mut members: Vec<_> = greedy.iter().map(|each| crowd.admit(each)).collect();
        let waiting = tokio::spawn({
            let crowd = Arc::clone(&crowd);
            async move { crowd.place().await }
        });
        while !(is_told_to_go(&greedy[0]).await || is_told_to_go(&greedy[1]).await) {
            tokio::task::yield_now().await;
        }
        assert!(!is_told_to_go(&modest).await);
        members.pop();
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_full_listener_looks_again_when_nobody_could_go() {
        let crowd = Crowd::new(1, Arc::default());
        let busy = connection("192.0.2.1");
        let member = crowd.admit(&busy).unwrap();
        let exchange = busy.exchange_for_test();
        exchange.owe();
        let waiting = tokio::spawn({
            let crowd = Arc::clone(&crowd);
            async move { crowd.place().await }
        });
        tokio::task::yield_now().await;
        assert!(!is_told_to_go(&busy).await);
        drop(exchange);
        while !is_told_to_go(&busy).await {
            tokio::task::yield_now().await;
        }
        drop(member);
        waiting.await.unwrap();
    }
}
