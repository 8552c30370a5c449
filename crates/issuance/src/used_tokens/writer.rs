//! The thread that takes tokens: those that wait are taken together and synced once.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::error::UseError;
use super::file::UsesFile;
use super::known::{Known, Mark, Use};
use crate::health::{Failure, Health};
use crate::queue::with_waiting;

/// What is asked of the writer.
pub(super) enum Request {
    Take {
        token: Use,
        /// By the clock of the caller, in seconds since 1970.
        now: i64,
        done: oneshot::Sender<Result<bool, UseError>>,
    },
    GiveBack {
        digest: [u8; 32],
        by: Mark,
    },
    Look {
        digest: [u8; 32],
        done: oneshot::Sender<Result<bool, UseError>>,
    },
}

pub(super) struct Writer {
    known: Known,
    file: UsesFile,
    health: Arc<Health>,
}

impl Writer {
    pub(super) fn new(file: UsesFile, health: Arc<Health>) -> Self {
        Self {
            known: Known::default(),
            file,
            health,
        }
    }

    /// Serves until nobody can ask any more. A file that failed is opened again by itself: while it cannot be, nobody asks.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        loop {
            let pause = match self.health.is_failing() {
                true => RETRY,
                false => LONGEST_IDLE,
            };
            match requests.recv_timeout(pause) {
                Ok(first) => self.serve(with_waiting(first, requests)),
                Err(RecvTimeoutError::Timeout) => self.serve(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Decides in the order of the requests, makes durable what was decided, and answers then.
    pub(super) fn serve(&mut self, requests: Vec<Request>) {
        self.health.begin();
        let opened = self.file.open(&mut self.known);
        let mut answers = Vec::new();
        let mut taken = Vec::new();
        let mut earliest = i64::MAX;
        for request in requests {
            match request {
                Request::GiveBack { digest, by } => self.known.give_back(&digest, by),
                Request::Take { token, now, done } if opened.is_ok() => {
                    let verdict = self.known.admit(token, now);
                    if matches!(verdict, Ok(true)) {
                        taken.push(token);
                        earliest = earliest.min(now);
                    }
                    answers.push((done, verdict));
                }
                Request::Look { digest, done } => {
                    answers.push((done, Ok(self.known.is_used(&digest))));
                }
                Request::Take { done, .. } => answers.push((done, Err(UseError::Closed))),
            }
        }
        let written = opened.and_then(|()| self.write(&taken, earliest));
        self.tell(written.as_ref().err());
        for (done, verdict) in answers {
            let answer = match &written {
                Ok(()) => verdict,
                Err(failure) => Err(failure.clone().into()),
            };
            // A caller who has gone gives the token back.
            let _ = done.send(answer);
        }
    }

    fn write(&mut self, taken: &[Use], now: i64) -> Result<(), Failure> {
        if taken.is_empty() {
            return Ok(());
        }
        let written = self.file.append(taken, &mut self.known, now);
        if written.is_err() {
            // Their users are told to come again, and may.
            for token in taken {
                token.by.into_iter().for_each(|by| {
                    self.known.give_back(&token.digest, by);
                });
            }
        }
        written
    }

    fn tell(&self, failure: Option<&Failure>) {
        if !self.health.end(failure) {
            return;
        }
        match failure {
            Some(failure) => {
                let reason = UseError::from(failure.clone()).to_string();
                tracing::error!(
                    reason,
                    "uses of tokens cannot be written; tokens that are good once get no certificate"
                );
            }
            None => tracing::info!("uses of tokens can be written again"),
        }
    }
}

/// How soon it is tried again whether the file can be opened.
const RETRY: Duration = Duration::from_secs(1);
/// There is nothing to do while nobody asks.
const LONGEST_IDLE: Duration = Duration::from_secs(3600);
