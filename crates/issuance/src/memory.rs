use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::IssuanceRecord;
use crate::error::Error;
use crate::issuance::{Issuance, Outcome};
use crate::query::{Cursor, Filling, Order, Page, Query};

/// A record that is gone when the process ends, for tests. It can be told to fail.
#[derive(Clone, Default)]
pub struct MemoryRecord {
    states: Arc<Mutex<Vec<Issuance>>>,
    is_full: Arc<AtomicBool>,
    is_silent: Arc<AtomicBool>,
    room: Arc<Mutex<Option<u64>>>,
    taken: Arc<AtomicU64>,
}

impl MemoryRecord {
    /// A record without issuances.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every later `append` fail, or not any more.
    pub fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }

    /// Makes every later `append` wait for ever, or not any more, as a disk does that hangs.
    pub fn set_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// Takes so many states from now on, and no more.
    pub fn take_only(&self, states: u64) {
        let limit = self.taken.load(Ordering::SeqCst) + states;
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
    }

    /// All states, in the order in which they came.
    #[must_use]
    pub fn states(&self) -> Vec<Issuance> {
        self.states
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn has_room(&self) -> bool {
        let room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        !self.is_full.load(Ordering::SeqCst)
            && room.is_none_or(|limit| self.taken.load(Ordering::SeqCst) < limit)
    }
}

#[async_trait]
impl IssuanceRecord for MemoryRecord {
    fn append(&self, issuance: &Issuance) -> BoxFuture<'static, Result<(), Error>> {
        if self.is_silent.load(Ordering::SeqCst) {
            return std::future::pending().boxed();
        }
        let outcome = if self.has_room() {
            self.taken.fetch_add(1, Ordering::SeqCst);
            self.states
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(issuance.clone());
            Ok(())
        } else {
            Err(full())
        };
        std::future::ready(outcome).boxed()
    }

    fn note(&self, issuance: &Issuance) {
        drop(self.append(issuance));
    }

    fn check(&self) -> Result<(), Error> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(full());
        }
        Ok(())
    }

    async fn page(&self, query: &Query) -> Result<Page, Error> {
        let mut last = BTreeMap::new();
        for (position, state) in self.states().into_iter().enumerate() {
            last.insert(state.id.clone(), (position as u64 + 1, state));
        }
        let mut found: Vec<_> = last
            .into_values()
            .filter(|(position, state)| is_behind(*position, query) && query.fits(state))
            .collect();
        // Those under way come last, as in the files.
        found.sort_by_key(|(position, state)| (state.outcome == Outcome::Open, *position));
        if query.order == Order::NewestFirst {
            found.reverse();
        }
        let mut filling = Filling::new(query);
        let mut found = found.into_iter();
        found.any(|(position, state)| {
            let place = Cursor {
                segment: 1,
                position,
            };
            filling.add(state, place)
        });
        Ok(filling.page())
    }
}

fn full() -> Error {
    Error::NotRecorded {
        reason: "no space left on device".to_owned(),
    }
}

fn is_behind(position: u64, query: &Query) -> bool {
    match (query.after, query.order) {
        (None, _) => true,
        (Some(after), Order::NewestFirst) => position < after.position,
        (Some(after), Order::OldestFirst) => position > after.position,
    }
}
