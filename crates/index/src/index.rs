use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::config::IndexConfig;
use crate::error::{Damage, Error};
use crate::key::Key;
use crate::open::open_runs;
use crate::run::Run;
use crate::state::{Known, State};
use crate::statistics::Statistics;

/// From keys to the positions of the entries that carry them; shared between one that feeds it and many that ask.
#[derive(Debug)]
pub struct Index {
    /// Where runs are; an index without one keeps everything in memory.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) config: IndexConfig,
    state: RwLock<State>,
    /// One maintenance at a time. Only it changes runs, and what is set apart to be written.
    pub(crate) maintaining: Mutex<()>,
}

impl Index {
    /// Opens the index of a directory, making it if there is none. What is damaged is thrown away, and with it what comes
    /// after; [`Self::covered`] then tells from where to go on.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn open(directory: &Path, config: IndexConfig) -> Result<(Self, Vec<Damage>), Error> {
        let (runs, damage) = open_runs(directory, &config)?;
        let index = Self::with(Some(directory.to_owned()), config, runs);
        Ok((index, damage))
    }

    /// An index that keeps everything in memory, for logs that do.
    #[must_use]
    pub fn in_memory(config: IndexConfig) -> Self {
        Self::with(None, config, Vec::new())
    }

    fn with(directory: Option<PathBuf>, config: IndexConfig, runs: Vec<Arc<Run>>) -> Self {
        let state = State::new(runs, config.tail_postings);
        Self {
            directory,
            config,
            state: RwLock::new(state),
            maintaining: Mutex::new(()),
        }
    }

    /// How many entries it covers: the postings of every entry below are there.
    ///
    /// Goes back only when something is found to be damaged, or with [`Self::clear`].
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.read().covered()
    }

    /// How many entries it covers on disk.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.read().durable()
    }

    /// Adds the postings of some entries, which must be the next ones. Touches memory only.
    ///
    /// # Errors
    /// [`Error::Gap`] when they do not follow what is there, or when so much waits for the disk that no more is taken.
    pub fn extend(&self, entries: Range<u64>, postings: &[(Key, u64)]) -> Result<(), Error> {
        if let Some((_, at)) = postings.iter().find(|(_, at)| !entries.contains(at)) {
            return Err(Error::Gap {
                covered: self.covered(),
                position: *at,
            });
        }
        let room = match &self.directory {
            Some(_) => self.config.tail_postings.saturating_mul(TAILS_IN_MEMORY),
            None => usize::MAX,
        };
        self.write().extend(&entries, postings, room)
    }

    /// The positions of a key, in order, at most `limit`.
    ///
    /// # Errors
    /// A run cannot be read, or is damaged; then [`Self::maintain`] is due, which throws it away.
    pub fn positions(&self, key: &Key, limit: usize) -> Result<Vec<u64>, Error> {
        // Taken together: what moves from memory into a run in the meantime is in one of them.
        let (runs, in_memory) = {
            let state = self.read();
            let in_memory: Vec<_> = state.positions_in_memory(key).take(limit).collect();
            (Arc::clone(&state.runs), in_memory)
        };
        let mut found = Vec::new();
        for run in runs.iter() {
            if found.len() < limit && run.may_have(key) {
                run.find(key, limit, &mut found)?;
            }
        }
        found.extend(in_memory);
        found.truncate(limit);
        Ok(found)
    }

    /// Those of some positions, which are in order, at which there is a key. Each costs the same, however many positions the
    /// key has.
    ///
    /// # Errors
    /// As [`Self::positions`].
    pub fn positions_among(&self, key: &Key, among: &[u64]) -> Result<Vec<u64>, Error> {
        let (runs, in_memory) = {
            let state = self.read();
            let in_memory = state.positions_in_memory(key);
            let in_memory = in_memory.filter(|position| among.binary_search(position).is_ok());
            (Arc::clone(&state.runs), in_memory.collect::<Vec<_>>())
        };
        let mut found = Vec::new();
        for run in runs.iter().filter(|run| run.may_have(key)) {
            run.find_among(key, among, &mut found)?;
        }
        found.extend(in_memory);
        Ok(found)
    }

    /// The first position of a key among the postings in memory, which are the newest. Touches memory only.
    #[must_use]
    pub fn first_in_memory(&self, key: &Key) -> Option<u64> {
        self.read().first_in_memory(key)
    }

    /// The first position of a key.
    ///
    /// # Errors
    /// As [`Self::positions`].
    pub fn first(&self, key: &Key) -> Result<Option<u64>, Error> {
        // Apart, so that nothing is read under the lock.
        let known = self.read().first(key);
        let (runs, number, in_memory) = match known {
            Known::First(first) => return Ok(first),
            Known::Perhaps(runs, number, in_memory) => (runs, number, in_memory),
        };
        for run in runs.iter().skip(number).filter(|run| run.may_have(key)) {
            if let Some(first) = run.first(key)? {
                return Ok(Some(first));
            }
        }
        Ok(in_memory)
    }

    /// What it takes.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.read().statistics()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many times the postings of one run may wait in memory while the disk takes none.
const TAILS_IN_MEMORY: usize = 8;
