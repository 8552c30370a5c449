use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sigstead_merkle::TreeHead;

use crate::{Error, Journal, Round};

/// When an injected fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The round is not stored, the caller sees an error.
    Before,
    /// The round is stored, the caller sees an error all the same.
    After,
}

/// A journal in memory, for tests; it outlives the log that uses it, as a disk would.
#[derive(Debug)]
pub struct MemoryJournal {
    medium: Arc<Medium>,
    /// A later [`MemoryJournal::reopen`] fences this handle out.
    epoch: u64,
    is_dead: bool,
}

/// Clones would be two holders of one journal, so handles to the medium are a type of their own.
#[derive(Debug, Default)]
struct Medium {
    state: Mutex<State>,
    resumed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    epoch: u64,
    rounds: VecDeque<Round>,
    faults: VecDeque<(u64, Fault)>,
    commits: u64,
    /// There is room for a round of so many bytes and no more.
    room: Option<usize>,
    is_paused: bool,
    held: usize,
}

/// Steers a [`MemoryJournal`] from outside of the log that holds it.
#[derive(Debug, Clone)]
pub struct MemoryMedium {
    medium: Arc<Medium>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self {
            medium: Arc::default(),
            epoch: 0,
            is_dead: true,
        }
    }

    /// The handle that stays outside when the journal is given to a log.
    pub fn medium(&self) -> MemoryMedium {
        MemoryMedium {
            medium: Arc::clone(&self.medium),
        }
    }
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryMedium {
    /// Opens the journal anew, as after a crash; whoever held it before can write no more.
    pub fn reopen(&self) -> MemoryJournal {
        let mut state = self.lock();
        state.epoch += 1;
        state.is_paused = false;
        self.medium.resumed.notify_all();
        MemoryJournal {
            medium: Arc::clone(&self.medium),
            epoch: state.epoch,
            is_dead: true,
        }
    }

    /// An independent copy of the present rounds, as a backup would hold them.
    pub fn snapshot(&self) -> MemoryJournal {
        let state = State {
            rounds: self.lock().rounds.clone(),
            ..State::default()
        };
        let medium = Medium {
            state: Mutex::new(state),
            resumed: Condvar::new(),
        };
        MemoryJournal {
            medium: Arc::new(medium),
            epoch: 0,
            is_dead: true,
        }
    }

    /// Plans a fault for the commit that comes after `commits` more commits.
    pub fn fail_commit_after(&self, commits: u64, fault: Fault) {
        let mut state = self.lock();
        let number = state.commits + commits;
        state.faults.push_back((number, fault));
    }

    /// Lets [`Journal::reserve`] fail, or succeed again.
    pub fn set_full(&self, is_full: bool) {
        self.set_room(is_full.then_some(0));
    }

    /// Lets [`Journal::reserve`] fail for more than so many bytes; with `None` it succeeds again.
    pub fn set_room(&self, bytes: Option<usize>) {
        self.lock().room = bytes;
    }

    /// Whether the holder of the journal is being held back.
    pub fn is_holding(&self) -> bool {
        self.lock().held > 0
    }

    /// Holds back whoever uses the journal until [`MemoryMedium::resume`], as a slow disk would.
    pub fn pause(&self) {
        self.lock().is_paused = true;
    }

    /// Lets the holder of the journal go on.
    pub fn resume(&self) {
        self.lock().is_paused = false;
        self.medium.resumed.notify_all();
    }

    /// Changes a stored round, as a damaged medium would.
    pub fn damage(&self, change: impl FnOnce(&mut VecDeque<Round>)) {
        change(&mut self.lock().rounds);
    }

    /// How many commits were tried.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// How many rounds are stored and not trimmed.
    pub fn rounds(&self) -> usize {
        self.lock().rounds.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.medium.lock()
    }
}

impl Medium {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_when_resumed(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.held += 1;
        let mut state = self
            .resumed
            .wait_while(state, |state| state.is_paused)
            .unwrap_or_else(PoisonError::into_inner);
        state.held -= 1;
        state
    }
}

impl MemoryJournal {
    fn guard(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.medium.lock_when_resumed();
        if state.epoch == self.epoch {
            Ok(state)
        } else {
            Err(Error::Fenced)
        }
    }
}

impl State {
    fn head(&self) -> TreeHead {
        self.rounds
            .back()
            .map_or_else(TreeHead::empty, |round| round.head)
    }

    fn commit(&mut self, expected: &TreeHead, round: &Round) -> Result<(), Error> {
        let number = self.commits;
        self.commits += 1;
        let fault = self
            .faults
            .iter()
            .position(|(planned, _)| *planned == number);
        let fault = fault
            .and_then(|position| self.faults.remove(position))
            .map(|(_, fault)| fault);
        if fault == Some(Fault::Before) {
            return Err(injected("write"));
        }
        let head = self.head();
        if head != *expected || round.first != head.size {
            return Err(Error::HeadMismatch {
                expected: expected.size,
                actual: head.size,
            });
        }
        self.rounds.push_back(round.clone());
        if fault == Some(Fault::After) {
            Err(injected("sync"))
        } else {
            Ok(())
        }
    }
}

impl Journal for MemoryJournal {
    fn load(&mut self) -> Result<Vec<Round>, Error> {
        let rounds = self.guard()?.rounds.iter().cloned().collect();
        self.is_dead = false;
        Ok(rounds)
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        if self.is_dead {
            return Err(Error::Dead);
        }
        if self.guard()?.room.is_some_and(|room| room < bytes) {
            let source = io::Error::from(io::ErrorKind::StorageFull);
            return Err(Error::NoRoom { bytes, source });
        }
        Ok(())
    }

    fn commit(&mut self, expected: &TreeHead, round: &Round) -> Result<(), Error> {
        if self.is_dead {
            return Err(Error::Dead);
        }
        let committed = self
            .guard()
            .and_then(|mut state| state.commit(expected, round));
        self.is_dead = committed.is_err();
        committed
    }

    fn trim(&mut self, below_size: u64) -> Result<(), Error> {
        if self.is_dead {
            return Err(Error::Dead);
        }
        let mut state = self.guard()?;
        while state.rounds.len() > 1
            && state
                .rounds
                .front()
                .is_some_and(|round| round.head.size <= below_size)
        {
            state.rounds.pop_front();
        }
        Ok(())
    }
}

fn injected(action: &'static str) -> Error {
    Error::Io {
        action,
        place: "memory".to_owned(),
        source: io::Error::other("injected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conforms() {
        let medium = MemoryJournal::new().medium();
        crate::conformance::run(|| Box::new(medium.reopen()));
    }

    #[test]
    fn a_fault_before_loses_the_round_and_a_fault_after_keeps_it() {
        for (fault, kept) in [(Fault::Before, 1), (Fault::After, 2)] {
            let mut journal = MemoryJournal::new();
            let medium = journal.medium();
            let rounds = crate::conformance::rounds(&[3, 2]);
            journal.load().unwrap();
            medium.fail_commit_after(1, fault);
            journal.commit(&TreeHead::empty(), &rounds[0]).unwrap();
            assert!(journal.commit(&rounds[0].head, &rounds[1]).is_err());
            assert!(matches!(
                journal.commit(&rounds[0].head, &rounds[1]),
                Err(Error::Dead)
            ));
            assert_eq!(medium.reopen().load().unwrap(), rounds[..kept]);
        }
    }
}
