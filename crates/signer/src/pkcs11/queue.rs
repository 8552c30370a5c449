//! What the threads of a library are to do.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::sessions::Sessions;
use crate::Error;

/// Does something with the library, or is told why that cannot be, and answers who asked. Says whether the token may be lost.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Sessions<'_>, Error>) -> Token + Send>;

/// What a job saw of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Well,
    /// It did not do what it should; a fresh start of the library may find it again.
    Lost,
}

/// Jobs in the order in which they came, for the threads of one start of the library after another.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Threads of an earlier start end.
    start: u64,
    started: Instant,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                start: 0,
                started: Instant::now(),
            }),
            changed: Condvar::new(),
        }
    }

    /// Refuses when the token is so far behind that who asks would only wait in vain.
    pub(super) fn push(&self, job: Job) -> Result<(), Error> {
        let mut state = self.lock();
        if state.jobs.len() >= MOST_JOBS {
            return Err(Error::TokenBusy);
        }
        state.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job for a thread of a start; `None` when the library is to be started again.
    pub(super) fn next(&self, start: u64) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.start != start {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The number of the start that begins now.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.lock();
        state.started = Instant::now();
        state.start
    }

    /// Ends the threads of a start, unless it is fresh: to start again costs the other keys of the library their sessions.
    pub(super) fn end(&self, start: u64) {
        let mut state = self.lock();
        if state.start == start && state.started.elapsed() >= REST {
            state.start += 1;
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MOST_JOBS: usize = 1024;
/// Between two starts of a library.
const REST: Duration = Duration::from_secs(1);
