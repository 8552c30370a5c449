//! What the issuers saw: who asked, who waits, how much was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use crate::kind::{Kind, Lane};

/// An issuer by kind and by who named it.
pub(crate) type Which = (Kind, Lane);

/// The accounts of all issuers.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Accounts>);

#[derive(Default)]
struct Accounts {
    next: u64,
    /// Requests that are not answered, or whose answer is not over.
    open: BTreeSet<(u64, Which)>,
    asked: BTreeMap<Which, usize>,
    /// The most that one answer of an issuer took.
    sent: BTreeMap<Kind, u64>,
    /// Certificates of honest issuers that were asked for and given while this issuer kept the authority waiting.
    overtaken: BTreeMap<Which, usize>,
    /// Connections to where nobody may send the authority.
    trespasses: Vec<String>,
}

impl Ledger {
    /// A request came; its number.
    pub(crate) fn begin(&self, which: Which) -> u64 {
        let mut accounts = self.lock();
        accounts.next += 1;
        let number = accounts.next;
        accounts.open.insert((number, which));
        *accounts.asked.entry(which).or_default() += 1;
        number
    }

    /// The answer to a request is over: the issuer ended it, or the authority hung up.
    pub(crate) fn end(&self, number: u64, which: Which, sent: u64) {
        let mut accounts = self.lock();
        accounts.open.remove(&(number, which));
        let most = accounts.sent.entry(which.0).or_default();
        *most = sent.max(*most);
    }

    /// The requests that are open now.
    pub(crate) fn open(&self) -> BTreeSet<(u64, Which)> {
        self.lock().open.clone()
    }

    /// A certificate of an honest issuer was given. Who was open before and is open still was overtaken.
    pub(crate) fn overtaken(&self, before: &BTreeSet<(u64, Which)>) {
        let mut accounts = self.lock();
        let still: Vec<_> = accounts.open.intersection(before).copied().collect();
        for (_, which) in still {
            *accounts.overtaken.entry(which).or_default() += 1;
        }
    }

    pub(crate) fn trespass(&self, place: String) {
        self.lock().trespasses.push(place);
    }

    pub(crate) fn trespasses(&self) -> Vec<String> {
        self.lock().trespasses.clone()
    }

    pub(crate) fn asked_of(&self, which: Which) -> usize {
        self.lock().asked.get(&which).copied().unwrap_or_default()
    }

    pub(crate) fn overtakings_of(&self, which: Which) -> usize {
        let accounts = self.lock();
        accounts.overtaken.get(&which).copied().unwrap_or_default()
    }

    pub(crate) fn most_sent(&self) -> BTreeMap<Kind, u64> {
        self.lock().sent.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap()
    }
}
