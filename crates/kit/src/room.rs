use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be held at once, of all connections together. Everybody takes and gives back; a reader learns only what
/// was free a moment ago.
#[derive(Debug)]
pub(crate) struct Pool(AtomicUsize);

impl Pool {
    pub(crate) const fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    fn free(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes all of `bytes` or nothing.
    fn take(&self, bytes: usize) -> bool {
        let left = |free: usize| free.checked_sub(bytes);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            .is_ok()
    }

    /// Takes as much of `bytes` as there is.
    fn take_some(&self, bytes: usize) -> usize {
        let left = |free: usize| Some(free.saturating_sub(bytes));
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        before.unwrap_or_default().min(bytes)
    }

    fn give(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What one connection may hold in one direction: a little of its own, which nobody can take from it, and beyond that a
/// bounded part of the pool of all.
#[derive(Debug)]
pub(crate) struct Share {
    own: Pool,
    most: Pool,
    all: &'static Pool,
}

impl Share {
    pub(crate) const fn of(all: &'static Pool) -> Self {
        Self {
            own: Pool::new(OWN_BYTES),
            most: Pool::new(MOST_BYTES),
            all,
        }
    }

    /// Whether so much of it is held that some should be taken before there is more.
    pub(crate) fn is_crowded(&self) -> bool {
        MOST_BYTES - self.most.free() > CROWDED_BYTES
    }

    /// Whether anything of it is held.
    pub(crate) fn is_held(&self) -> bool {
        self.own.free() < OWN_BYTES || self.most.free() < MOST_BYTES
    }
}

/// The bytes that one body holds, given back when it goes. It grows with what has come, not with what was declared: a
/// caller that declares much and sends little holds little.
#[derive(Debug)]
pub(crate) struct Room {
    share: Arc<Share>,
    own: usize,
    shared: usize,
}

impl Room {
    pub(crate) fn new(share: Arc<Share>) -> Self {
        Self {
            share,
            own: 0,
            shared: 0,
        }
    }

    /// Makes it enough for `bytes` bytes; tells whether there was as much.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let Some(more) = bytes.checked_sub(self.own + self.shared) else {
            return true;
        };
        let own = self.share.own.take_some(more);
        self.own += own;
        let rest = more - own;
        if rest == 0 {
            return true;
        }
        if !self.share.most.take(rest) {
            return false;
        }
        if !self.share.all.take(rest) {
            self.share.most.give(rest);
            return false;
        }
        self.shared += rest;
        true
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.share.own.give(self.own);
        self.share.most.give(self.shared);
        self.share.all.give(self.shared);
    }
}

/// The memory for the bodies of all requests of the process.
pub(crate) static REQUESTS: Pool = Pool::new(96 << 20);
/// The memory for the bodies of all answers that are not with their caller yet.
pub(crate) static ANSWERS: Pool = Pool::new(64 << 20);

/// Enough for several signings at once, so that a connection that asks for little is never refused for want of memory,
/// whatever others hold.
const OWN_BYTES: usize = 32 << 10;
/// Enough for the largest request or answer of any service and one more. One connection cannot use up the pool.
const MOST_BYTES: usize = 24 << 20;
/// A reader that reads ahead may have many usual answers on their way, and one that is as large as they come.
const CROWDED_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn room(share: &Arc<Share>) -> Room {
        Room::new(Arc::clone(share))
    }

    #[test]
    fn a_connection_has_a_little_of_its_own_when_others_hold_the_rest() {
        static POOL: Pool = Pool::new(100);
        let (greedy, modest) = (Arc::new(Share::of(&POOL)), Arc::new(Share::of(&POOL)));
        let mut held = room(&greedy);
        assert!(held.grow(OWN_BYTES + 100));
        assert!(!room(&modest).grow(OWN_BYTES + 1));
        assert!(room(&modest).grow(OWN_BYTES));
        drop(held);
        assert!(room(&modest).grow(OWN_BYTES + 1));
        assert!(!greedy.is_held() && !modest.is_held());
    }

    #[test]
    fn a_connection_cannot_use_up_the_pool() {
        static POOL: Pool = Pool::new(2 * MOST_BYTES);
        let share = Arc::new(Share::of(&POOL));
        let mut first = room(&share);
        assert!(first.grow(OWN_BYTES + MOST_BYTES));
        assert!(!room(&share).grow(1));
        assert!(room(&Arc::new(Share::of(&POOL))).grow(OWN_BYTES + MOST_BYTES));
        drop(first);
        assert_eq!(POOL.free(), 2 * MOST_BYTES);
    }

    #[test]
    fn what_grows_takes_only_the_difference() {
        static POOL: Pool = Pool::new(1 << 20);
        let mut held = room(&Arc::new(Share::of(&POOL)));
        for bytes in [OWN_BYTES + 10, OWN_BYTES + 5, OWN_BYTES + 30] {
            assert!(held.grow(bytes));
        }
        assert_eq!(POOL.free(), (1 << 20) - 30);
    }
}
