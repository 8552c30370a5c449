//! The tokens that were used and may not be used again, in a file: each with its end, because nobody accepts it after that.
//!
//! 1. A token is looked for among those that are known.
//! 2. It is appended to the file, durably.
//! 3. It is known, and its user hears that it was the first.
//!
//! All three happen under one lock, so that of several users of a token one is the first. A crash before the second step
//! leaves nothing behind, and one after it a token that is used up.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sigstead_durable as durable;
use sigstead_store::RecordFile;
use time::OffsetDateTime;

use crate::error::Error;

/// The tokens that were used.
#[derive(Clone)]
pub struct UsedTokens(Arc<Mutex<Inner>>);

struct Inner {
    /// None for tests, which end with the process.
    path: Option<PathBuf>,
    /// None after a failure; the next use opens it again.
    file: Option<RecordFile>,
    /// Ends in seconds since 1970, by the digests of the tokens.
    ends: HashMap<[u8; 32], i64>,
    /// How many records the file has.
    records: usize,
}

impl UsedTokens {
    /// Opens the file below `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Damaged`].
    pub fn open(directory: &Path) -> Result<Self, Error> {
        durable::create_private_directory(directory).map_err(Error::read("make", directory))?;
        let mut inner = Inner::new(Some(directory.join(FILE)));
        inner.reopen()?;
        Ok(Self(Arc::new(Mutex::new(inner))))
    }

    /// Tokens that are forgotten when the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Arc::new(Mutex::new(Inner::new(None))))
    }

    /// Takes a token out of use that ends at `until`. Says whether it was in use, durably if so.
    ///
    /// # Errors
    /// [`Error::NotRecorded`], and then the token may be used up or not; [`Error::Busy`] if more tokens are remembered than
    /// there is room for.
    pub async fn take(
        &self,
        digest: [u8; 32],
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, Error> {
        let inner = Arc::clone(&self.0);
        let taken = tokio::task::spawn_blocking(move || {
            let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.take(digest, until.unix_timestamp(), now.unix_timestamp())
        });
        taken.await.map_err(|_| Error::Closed)?
    }
}

impl Inner {
    fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            file: None,
            ends: HashMap::new(),
            records: 0,
        }
    }

    fn take(&mut self, digest: [u8; 32], until: i64, now: i64) -> Result<bool, Error> {
        if self.file.is_none() {
            self.reopen()?;
        }
        if self.ends.contains_key(&digest) {
            return Ok(false);
        }
        if self.records >= MOST_RECORDS {
            self.forget(now)?;
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.append(&record(&digest, until))
        {
            // Whether it is in the file shows when it is read.
            self.file = None;
            return Err(not_recorded(error));
        }
        self.ends.insert(digest, until);
        self.records += 1;
        Ok(true)
    }

    /// Writes the file again without the tokens that have ended.
    fn forget(&mut self, now: i64) -> Result<(), Error> {
        self.ends.retain(|_, until| *until > now);
        if self.ends.len() > MOST_RECORDS / 2 {
            return Err(Error::Busy);
        }
        let Some(path) = &self.path else {
            self.records = self.ends.len();
            return Ok(());
        };
        let beside = path.with_extension("new");
        if beside.exists() {
            durable::remove(&beside).map_err(not_recorded)?;
        }
        let (mut file, _) = RecordFile::open(&beside).map_err(not_recorded)?;
        let records: Vec<Vec<u8>> = self
            .ends
            .iter()
            .map(|(digest, until)| record(digest, *until))
            .collect();
        let parts: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        file.append_all(&parts).map_err(not_recorded)?;
        self.file = None;
        durable::rename(&beside, path).map_err(not_recorded)?;
        self.records = records.len();
        self.file = Some(file);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), Error> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let (file, records) = RecordFile::open(path).map_err(Error::store("open", path))?;
        self.ends.clear();
        for record in &records {
            let (digest, until) = parse(record).ok_or_else(|| Error::Damaged {
                what: format!("{} has a record of another length", path.display()),
            })?;
            self.ends.insert(digest, until);
        }
        self.records = records.len();
        self.file = Some(file);
        Ok(())
    }
}

fn record(digest: &[u8; 32], until: i64) -> Vec<u8> {
    [&digest[..], &until.to_be_bytes()].concat()
}

fn parse(record: &[u8]) -> Option<([u8; 32], i64)> {
    let (digest, until) = record.split_first_chunk()?;
    Some((*digest, i64::from_be_bytes(until.try_into().ok()?)))
}

fn not_recorded(error: impl std::fmt::Display) -> Error {
    Error::NotRecorded {
        reason: error.to_string(),
    }
}

const FILE: &str = "used-tokens";

/// The file is written again when it has so many, and takes 12 MB then; half of them may be of tokens that have not ended.
#[cfg(not(test))]
const MOST_RECORDS: usize = 200_000;
#[cfg(test)]
const MOST_RECORDS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[tokio::test]
    async fn a_token_is_used_once_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let used = UsedTokens::open(folder.path()).unwrap();
        assert!(used.take([1; 32], at(100), at(0)).await.unwrap());
        assert!(!used.take([1; 32], at(100), at(0)).await.unwrap());
        assert!(used.take([2; 32], at(100), at(0)).await.unwrap());
        drop(used);
        let again = UsedTokens::open(folder.path()).unwrap();
        assert!(!again.take([1; 32], at(100), at(0)).await.unwrap());
        assert!(again.take([3; 32], at(100), at(0)).await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_many_users_at_once_one_is_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let used = UsedTokens::open(folder.path()).unwrap();
        let users = (0..32).map(|_| {
            let used = used.clone();
            tokio::spawn(async move { used.take([7; 32], at(100), at(0)).await.unwrap() })
        });
        let mut first = 0;
        for user in users.collect::<Vec<_>>() {
            first += usize::from(user.await.unwrap());
        }
        assert_eq!(first, 1);
    }

    #[tokio::test]
    async fn tokens_that_have_ended_make_room_and_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let used = UsedTokens::open(folder.path()).unwrap();
        let token = |number: u8| [number; 32];
        for number in 0..6 {
            assert!(used.take(token(number), at(10), at(0)).await.unwrap());
        }
        for number in 6..8 {
            assert!(used.take(token(number), at(100), at(0)).await.unwrap());
        }
        // The file is full: six have ended, and two are still known.
        assert!(used.take(token(8), at(100), at(10)).await.unwrap());
        assert!(!used.take(token(7), at(100), at(10)).await.unwrap());
        let bytes = std::fs::metadata(folder.path().join(FILE)).unwrap().len();
        drop(used);
        let used = UsedTokens::open(folder.path()).unwrap();
        assert!(!used.take(token(6), at(100), at(10)).await.unwrap());
        assert!(!used.take(token(8), at(100), at(10)).await.unwrap());
        for number in 9..14 {
            assert!(used.take(token(number), at(100), at(10)).await.unwrap());
        }
        let full = used.take(token(20), at(100), at(10)).await;
        assert!(matches!(full, Err(Error::Busy)), "eight are in use");
        assert!(std::fs::metadata(folder.path().join(FILE)).unwrap().len() > bytes);
        assert!(used.take(token(20), at(200), at(100)).await.unwrap());
    }

    #[tokio::test]
    async fn a_file_that_was_changed_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let used = UsedTokens::open(folder.path()).unwrap();
        used.take([1; 32], at(100), at(0)).await.unwrap();
        used.take([2; 32], at(100), at(0)).await.unwrap();
        drop(used);
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(
            UsedTokens::open(folder.path()),
            Err(Error::Damaged { .. })
        ));
    }
}
