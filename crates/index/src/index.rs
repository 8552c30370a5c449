use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::merge::Merge;
use crate::run::{Run, file_error};
use crate::tail::Tail;
use crate::write::{RUN, TEMPORARY, sync_directory, write_run};
use crate::{Damage, Error, Key};

/// How an index behaves.
#[derive(Debug, Clone)]
pub struct IndexConfig {
    /// How many postings stand in memory before they are written as a run.
    pub tail_postings: usize,
    /// How many runs of about one size become one.
    pub fan_out: usize,
    /// How many bytes of memory filters may take. Runs beyond it are searched without one, which costs a read or two.
    pub filter_bytes: usize,
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            tail_postings: 65_536,
            fan_out: 8,
            filter_bytes: 16 * 1024 * 1024,
        }
    }
}

/// From keys to the positions of the entries that carry them; shared between one that feeds it and many that ask.
#[derive(Debug)]
pub struct Index {
    /// Where runs are; an index without one keeps everything in memory.
    directory: Option<PathBuf>,
    config: IndexConfig,
    state: RwLock<State>,
    /// One maintenance at a time.
    maintaining: Mutex<()>,
}

#[derive(Debug)]
struct State {
    /// Oldest first, without gaps.
    runs: Arc<Vec<Arc<Run>>>,
    /// What is being written as a run.
    frozen: Option<Arc<Tail>>,
    tail: Tail,
}

/// What an index takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Files.
    pub runs: usize,
    /// Postings in files and in memory.
    pub postings: u64,
    /// Postings in memory.
    pub tail_postings: usize,
    /// Memory of filters.
    pub filter_bytes: usize,
}

impl Index {
    /// Opens the index of a directory, making it if there is none. What is damaged is thrown away, and with it what comes
    /// after; [`Self::covered`] then tells from where to go on.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn open(directory: &Path, config: IndexConfig) -> Result<(Self, Vec<Damage>), Error> {
        let failed = |source| file_error(directory, source);
        fs::create_dir_all(directory).map_err(failed)?;
        let mut opened = Vec::new();
        let mut damage = Vec::new();
        for file in fs::read_dir(directory).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(RUN) => match Run::open(&path) {
                    Ok(run) => opened.push(run),
                    Err(error) => damage.push(discard(path, &error)),
                },
                Some(TEMPORARY) => remove(&path)?,
                _ => {}
            }
        }
        let runs = load_filters(chain(opened, &mut damage)?, &config, &mut damage);
        let index = Self::with(Some(directory.to_owned()), config, runs);
        Ok((index, damage))
    }

    /// An index that keeps everything in memory, for logs that do.
    #[must_use]
    pub fn in_memory(config: IndexConfig) -> Self {
        Self::with(None, config, Vec::new())
    }

    fn with(directory: Option<PathBuf>, config: IndexConfig, runs: Vec<Arc<Run>>) -> Self {
        let durable = runs.last().map_or(0, |run| run.footer.covers.end);
        Self {
            directory,
            config,
            state: RwLock::new(State {
                runs: Arc::new(runs),
                frozen: None,
                tail: Tail::starting_at(durable),
            }),
            maintaining: Mutex::new(()),
        }
    }

    /// How many entries it covers: the postings of every entry below are there.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.read().tail.covers().end
    }

    /// How many entries it covers on disk.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.read()
            .runs
            .last()
            .map_or(0, |run| run.footer.covers.end)
    }

    /// Adds the postings of some entries, which must be the next ones. Touches memory only.
    ///
    /// # Errors
    /// [`Error::Gap`] when they do not follow what is there, or when so much waits for the disk that no more is taken.
    pub fn extend(&self, entries: Range<u64>, postings: &[(Key, u64)]) -> Result<(), Error> {
        let mut state = self.write();
        let covered = state.tail.covers().end;
        let is_full = self.directory.is_some()
            && state.tail.len() > self.config.tail_postings.saturating_mul(TAILS_IN_MEMORY);
        let follows = entries.start == covered && entries.end >= covered;
        let wrong = postings.iter().find(|(_, at)| !entries.contains(at));
        if !follows || wrong.is_some() || is_full {
            return Err(Error::Gap {
                covered,
                position: wrong.map_or(entries.start, |(_, at)| *at),
            });
        }
        state.tail.extend(entries.end, postings);
        Ok(())
    }

    /// The positions of a key, in order, at most `limit`.
    ///
    /// # Errors
    /// A run cannot be read, or is damaged.
    pub fn positions(&self, key: &Key, limit: usize) -> Result<Vec<u64>, Error> {
        // Taken together: what moves from memory into a run in the meantime is in one of them.
        let (runs, in_memory) = {
            let state = self.read();
            let frozen = state.frozen.iter().flat_map(|tail| tail.positions(key));
            let in_memory: Vec<_> = frozen
                .chain(state.tail.positions(key))
                .take(limit)
                .collect();
            (Arc::clone(&state.runs), in_memory)
        };
        let mut found = Vec::new();
        for run in runs.iter() {
            if found.len() < limit {
                run.find(key, limit, &mut found)?;
            }
        }
        found.extend(in_memory);
        found.truncate(limit);
        Ok(found)
    }

    /// The first position of a key among the postings in memory, which are the newest. Touches memory only.
    #[must_use]
    pub fn first_in_memory(&self, key: &Key) -> Option<u64> {
        let state = self.read();
        let frozen = state
            .frozen
            .as_ref()
            .and_then(|tail| tail.positions(key).next());
        frozen.or_else(|| state.tail.positions(key).next())
    }

    /// The first position of a key.
    ///
    /// # Errors
    /// As [`Self::positions`].
    pub fn first(&self, key: &Key) -> Result<Option<u64>, Error> {
        Ok(self.positions(key, 1)?.first().copied())
    }

    /// Whether [`Self::maintain`] has something to do.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let state = self.read();
        let is_full = state.tail.len() >= self.config.tail_postings;
        self.directory.is_some() && (is_full || self.mergeable(&state.runs).is_some())
    }

    /// Writes what stands in memory as a run, and merges runs that have become many. Blocks; the index answers and takes
    /// postings meanwhile.
    ///
    /// # Errors
    /// A file cannot be written or read. Nothing is lost: what stands in memory stays there.
    pub fn maintain(&self) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let _one_at_a_time = self
            .maintaining
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.write_tail(directory)?;
        loop {
            let runs = Arc::clone(&self.read().runs);
            let Some(first) = self.mergeable(&runs) else {
                return Ok(());
            };
            self.merge(directory, &runs, first)?;
        }
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn clear(&self) -> Result<(), Error> {
        let _one_at_a_time = self
            .maintaining
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut state = self.write();
        // The newest first: what a crash leaves is then a beginning without gaps.
        for run in state.runs.iter().rev() {
            remove(run.path())?;
        }
        *state = State {
            runs: Arc::default(),
            frozen: None,
            tail: Tail::default(),
        };
        Ok(())
    }

    /// What it takes.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let state = self.read();
        let tail_postings = state.tail.len() + state.frozen.as_ref().map_or(0, |tail| tail.len());
        let in_runs: u64 = state.runs.iter().map(|run| run.footer.postings).sum();
        Statistics {
            runs: state.runs.len(),
            postings: in_runs + tail_postings as u64,
            tail_postings,
            filter_bytes: state.runs.iter().map(|run| run.filter_bytes()).sum(),
        }
    }

    fn write_tail(&self, directory: &Path) -> Result<(), Error> {
        let frozen = {
            let mut state = self.write();
            let covers = state.tail.covers();
            // What could not be written the last time is tried again together with what came since.
            let mut tail = std::mem::replace(&mut state.tail, Tail::starting_at(covers.end));
            if let Some(earlier) = state.frozen.take() {
                tail.join(&earlier);
            }
            let tail = Arc::new(tail);
            if tail.covers().is_empty() {
                return Ok(());
            }
            state.frozen = Some(Arc::clone(&tail));
            tail
        };
        let (covers, count) = (frozen.covers(), frozen.len() as u64);
        let budget = self.config.filter_bytes;
        let postings = frozen.iter().map(Ok);
        let mut run = write_run(directory, covers, count, budget, postings)?;
        run.load_filter(budget.saturating_sub(self.statistics().filter_bytes))?;
        let mut state = self.write();
        let mut runs = state.runs.to_vec();
        runs.push(Arc::new(run));
        state.runs = Arc::new(runs);
        state.frozen = None;
        Ok(())
    }

    /// Makes one run of those from `first` on.
    fn merge(&self, directory: &Path, runs: &[Arc<Run>], first: usize) -> Result<(), Error> {
        let (kept, old) = runs.split_at(first.min(runs.len()));
        let (Some(oldest), Some(newest)) = (old.first(), old.last()) else {
            return Ok(());
        };
        let covers = oldest.footer.covers.start..newest.footer.covers.end;
        let count = old.iter().map(|run| run.footer.postings).sum();
        let budget = self.config.filter_bytes;
        let mut run = write_run(directory, covers, count, budget, Merge::of(old))?;
        let others: usize = kept.iter().map(|run| run.filter_bytes()).sum();
        run.load_filter(budget.saturating_sub(others))?;
        let mut merged = kept.to_vec();
        merged.push(Arc::new(run));
        self.write().runs = Arc::new(merged);
        // Readers that still have them go on reading them.
        for run in old {
            remove(run.path())?;
        }
        sync_directory(directory)
    }

    /// From which run on all are of about one size, if they are enough to become one.
    fn mergeable(&self, runs: &[Arc<Run>]) -> Option<usize> {
        let fan_out = self.config.fan_out.max(2);
        let class = |run: &Run| {
            let tails = run.footer.postings / self.config.tail_postings.max(1) as u64;
            tails.max(1).ilog(fan_out as u64)
        };
        let newest = class(runs.last()?);
        let equal = runs
            .iter()
            .rev()
            .take_while(|run| class(run) <= newest)
            .count();
        (equal >= fan_out).then_some(runs.len() - equal)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one after the other from the first entry on. What others contain, because a crash came between a merge and its
/// end, and what comes after a gap is removed.
fn chain(mut opened: Vec<Run>, damage: &mut Vec<Damage>) -> Result<Vec<Run>, Error> {
    opened.sort_by_key(|run| {
        (
            run.footer.covers.start,
            std::cmp::Reverse(run.footer.covers.end),
        )
    });
    let mut runs: Vec<Run> = Vec::new();
    for run in opened {
        let end = runs.last().map_or(0, |run| run.footer.covers.end);
        let covers = run.footer.covers.clone();
        if covers.start == end {
            runs.push(run);
        } else if covers.end <= end {
            remove(run.path())?;
        } else {
            damage.push(Damage {
                path: run.path().to_owned(),
                why: format!(
                    "it starts at {} and what comes before ends at {end}",
                    covers.start
                ),
            });
            remove(run.path())?;
        }
    }
    Ok(runs)
}

/// Loads the filters of the newest runs first, which are asked for most, until the memory for them is used up.
fn load_filters(runs: Vec<Run>, config: &IndexConfig, damage: &mut Vec<Damage>) -> Vec<Arc<Run>> {
    let mut budget = config.filter_bytes;
    let mut loaded = Vec::new();
    for mut run in runs.into_iter().rev() {
        match run.load_filter(budget) {
            Ok(used) => {
                budget -= used;
                loaded.push(Arc::new(run));
            }
            Err(error) => {
                // Without it, what is newer has a gap before it.
                damage.push(discard(run.path().to_owned(), &error));
                let newer = loaded
                    .drain(..)
                    .map(|run| discard(run.path().to_owned(), &error));
                damage.extend(newer);
                budget = config.filter_bytes;
            }
        }
    }
    loaded.reverse();
    loaded
}

fn discard(path: PathBuf, error: &Error) -> Damage {
    // If it cannot be removed it is found again, and discarded again.
    let _ = fs::remove_file(&path);
    Damage {
        path,
        why: error.to_string(),
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path, error)),
        _ => Ok(()),
    }
}

/// How many times the postings of one run may wait in memory while the disk takes none.
const TAILS_IN_MEMORY: usize = 8;
