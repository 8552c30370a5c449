use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::holder::Holder;
use crate::line::Line;

/// What counts as one peer: an IPv4 address, or the network of an IPv6 host, which has all addresses in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    V4(Ipv4Addr),
    V6([u16; 4]),
    Loopback(IpAddr),
}

impl Source {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            loopback if loopback.is_loopback() => Self::Loopback(loopback),
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = Ipv6Addr::segments(&address);
                Self::V6([a, b, c, d])
            }
        }
    }

    /// Half of the listener for one peer leaves half for all others. On loopback it is a proxy or a tool of this machine
    /// that speaks for many, and a process on this machine has other ways to do harm.
    pub(crate) fn share(self, most: usize) -> usize {
        match self {
            Self::Loopback(_) => share_of_proxy(most),
            Self::V4(_) | Self::V6(_) => most.div_ceil(2),
        }
    }
}

/// A proxy speaks for many, and leaves some to those who come without it.
pub(crate) fn share_of_proxy(most: usize) -> usize {
    (most / 8 * 7).max(1)
}

/// What all connections of one peer share, while it has any.
#[derive(Debug)]
pub(crate) struct Peer {
    source: Source,
    /// For the large answers of all its connections.
    pub(crate) line: Line,
    /// For what comes from it on connections of proxies.
    pub(crate) holder: Holder,
}

impl Peer {
    /// The peer at `address`.
    pub(crate) fn of(address: IpAddr) -> Arc<Self> {
        let source = Source::of(address);
        let mut peers = lock();
        if let Some(peer) = peers.get(&source).and_then(Weak::upgrade) {
            return peer;
        }
        let peer = Arc::new(Self {
            source,
            line: Line::of_peer(),
            holder: Holder::new(),
        });
        peers.insert(source, Arc::downgrade(&peer));
        peer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut peers = lock();
        // It may have come back in the meantime, as another value.
        let is_gone = |peer: &Weak<Self>| peer.strong_count() == 0;
        if peers.get(&self.source).is_some_and(is_gone) {
            peers.remove(&self.source);
        }
    }
}

fn lock() -> MutexGuard<'static, BTreeMap<Source, Weak<Peer>>> {
    PEERS.lock().unwrap_or_else(PoisonError::into_inner)
}

static PEERS: Mutex<BTreeMap<Source, Weak<Peer>>> = Mutex::new(BTreeMap::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_known_as_long_as_it_has_connections() {
        let address = |text: &str| text.parse().unwrap();
        let first = Peer::of(address("2001:db8:7::1"));
        let second = Peer::of(address("2001:db8:7::2"));
        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &Peer::of(address("192.0.2.77"))));
        let source = first.source;
        drop(first);
        assert!(lock().contains_key(&source));
        drop(second);
        assert!(!lock().contains_key(&source));
    }
}
