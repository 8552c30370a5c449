use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::network::Network;

/// Who asks for a password to be judged, here or by a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    /// Proved who it is with a certificate; strangers do not keep it from its work.
    Administrator,
    /// Anybody, by the network that the request came from.
    Stranger(Network),
}

/// The bounded queue in front of hashes or of a directory: how many places each asker has.
///
/// Strangers share [`PLACES`], and no network has more than [`PLACES_EACH`] of them, so that a flood
/// from one or two addresses leaves room for the sign-ins of everybody else.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<HashMap<Asker, usize>>);

/// A place in the queue, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    queue: &'a Queue,
    asker: Asker,
}

impl Queue {
    pub(crate) fn take(&self, asker: Asker) -> Result<Place<'_>, Error> {
        let mut places = self.lock();
        let own = places.get(&asker).copied().unwrap_or(0);
        if let Asker::Stranger(_) = asker {
            let of_strangers = places
                .iter()
                .filter(|(asker, _)| **asker != Asker::Administrator)
                .map(|(_, taken)| *taken);
            if own >= PLACES_EACH || of_strangers.sum::<usize>() >= PLACES {
                return Err(Error::Busy);
            }
        }
        places.insert(asker, own + 1);
        Ok(Place { queue: self, asker })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asker, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.queue.lock();
        match places.get_mut(&self.asker) {
            Some(taken) if *taken > 1 => *taken -= 1,
            // Entries without places go, so that the map stays as small as the queue.
            _ => drop(places.remove(&self.asker)),
        }
    }
}

/// Two hashes run at once and take some 60 ms each, so the last of a full queue waits two seconds.
const PLACES: usize = 64;
/// A whole office may sign in from one address.
const PLACES_EACH: usize = 16;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn stranger(number: u8) -> Asker {
        Asker::Stranger(IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)).into())
    }

    #[test]
    fn one_network_has_a_quarter_of_the_queue_at_most() {
        let queue = Queue::default();
        let places: Vec<_> = (0..PLACES).map(|_| queue.take(stranger(1))).collect();
        let taken = places.iter().filter(|place| place.is_ok()).count();
        assert_eq!(taken, PLACES_EACH);
        assert!(queue.take(stranger(2)).is_ok());
    }

    #[test]
    fn a_full_queue_refuses_strangers_and_serves_the_administrator() {
        let queue = Queue::default();
        let asked = (0..4).flat_map(|number| [stranger(number); PLACES_EACH]);
        let places: Vec<_> = asked.map(|asker| queue.take(asker).unwrap()).collect();
        assert!(matches!(queue.take(stranger(9)), Err(Error::Busy)));
        assert!(queue.take(Asker::Administrator).is_ok());
        drop(places);
        assert!(queue.take(stranger(9)).is_ok());
    }

    #[test]
    fn a_queue_that_nobody_stands_in_holds_nothing() {
        let queue = Queue::default();
        let places: Vec<_> = (0..4).map(|_| queue.take(stranger(1)).unwrap()).collect();
        drop(places);
        assert!(queue.lock().is_empty());
    }
}
