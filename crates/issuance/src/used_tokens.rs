//! The tokens that were used and may not be used again, in a file: each with its end, because nobody accepts it after that.
//!
//! 1. A token is looked for among those that are known.
//! 2. It is appended to the file, durably.
//! 3. Its user hears that it was the first.
//!
//! One thread does all three, so that of several users of a token one is the first. A crash before the second step leaves
//! nothing behind, and one after it a token that is used up. What one process knows, another does not.
//!
//! A token that is given back is given back in memory alone. A failed write is one reason to give one back, so that it must
//! not need another write; after a restart such a token may be used up, and its bearer gets a new one.

use std::path::Path;
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::health::Health;
use crate::queue::Queue;

mod error;
mod file;
mod known;
#[cfg(test)]
mod tests;
mod writer;

pub use error::UseError;

use file::UsesFile;
use known::{Use, mark};
use writer::{Request, Writer};

/// A token that an issuance uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The SHA-256 by which the token is known.
    pub digest: [u8; 32],
    /// When it ends by itself.
    pub until: OffsetDateTime,
    /// Whose it is. Each issuer has room of its own.
    pub issuer: String,
    /// The identifier of the issuance, which alone can give the token back.
    pub by: String,
}

/// The tokens that were used.
pub struct UsedTokens {
    queue: Queue<Request>,
    health: Arc<Health>,
}

impl UsedTokens {
    /// Opens the file below `directory`. One that takes nothing now, because it is damaged or the disk is full, opens too,
    /// and says so when it is checked; it is tried again until it does.
    ///
    /// # Errors
    /// [`Error::Read`] if its writer cannot be started.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(FILE);
        Self::start(UsesFile::new(Some(path.clone())))
            .map_err(Error::read("start the writer of", &path))
    }

    /// Tokens that are forgotten when the process ends.
    ///
    /// # Errors
    /// As [`UsedTokens::open`].
    pub fn in_memory() -> Result<Self, Error> {
        Self::start(UsesFile::new(None))
            .map_err(Error::read("start the writer of", Path::new(FILE)))
    }

    fn start(file: UsesFile) -> std::io::Result<Self> {
        let health = Arc::new(Health::default());
        let mut writer = Writer::new(file, Arc::clone(&health));
        // Before anybody asks, so that the first answer is true.
        writer.serve(Vec::new());
        let queue = Queue::start("used tokens", move |requests| writer.run(&requests))?;
        Ok(Self { queue, health })
    }

    /// Takes a token into use. Says whether it was in none, durably if so. It is remembered until 305 seconds after its end:
    /// a request may have been judged before that end, and a clock set back.
    ///
    /// # Errors
    /// It is not known durably that the token is in use. Its user gives it back to come again.
    pub async fn take(&self, token: &TokenUse, now: OffsetDateTime) -> Result<bool, UseError> {
        let (done, durable) = oneshot::channel();
        let token = Use {
            digest: token.digest,
            until: token.until.unix_timestamp(),
            issuer: mark(&token.issuer),
            by: Some(mark(&token.by)),
        };
        let now = now.unix_timestamp();
        self.queue.push(Request::Take { token, now, done })?;
        durable.await.unwrap_or(Err(UseError::Closed))
    }

    /// Ends the use of a token from which nothing came, if `token.by` is what uses it; after a `take` also that nobody waited
    /// for. It is used up if the queue is full.
    pub fn give_back(&self, token: &TokenUse) {
        let (digest, by) = (token.digest, mark(&token.by));
        if self.queue.push(Request::GiveBack { digest, by }).is_err() {
            tracing::warn!(
                issuance = token.by,
                "a token of a failed issuance stays used up"
            );
        }
    }

    /// Whether a token is in use. It is not taken.
    ///
    /// # Errors
    /// It cannot be known now.
    pub async fn is_used(&self, digest: [u8; 32]) -> Result<bool, UseError> {
        let (done, told) = oneshot::channel();
        self.queue.push(Request::Look { digest, done })?;
        told.await.unwrap_or(Err(UseError::Closed))
    }

    /// Whether tokens can be taken, as far as the last attempt tells.
    ///
    /// # Errors
    /// [`UseError::NotWritten`], [`UseError::Damaged`] or [`UseError::Stuck`].
    pub fn check(&self) -> Result<(), UseError> {
        self.health.check().map_err(UseError::from)
    }
}

const FILE: &str = "used-tokens";
