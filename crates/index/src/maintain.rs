use std::path::Path;
use std::sync::{Arc, PoisonError};

use crate::merge::Merge;
use crate::run::Run;
use crate::state::{State, filter_bytes, first_damaged, mergeable};
use crate::tail::Tail;
use crate::write::{FilterBudget, remove, sync_directory, write_run};
use crate::{Error, Index};

impl Index {
    /// Whether [`Self::maintain`] has something to do: something waits to be written or merged, could not be written, or
    /// was found to be damaged.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.directory.is_some() && self.read().is_due(&self.config)
    }

    /// Throws away runs from one on that was found to be damaged, which takes [`Self::covered`] back; then writes what
    /// stands in memory as a run, and merges runs that have become many. Blocks; the index answers and takes postings
    /// meanwhile.
    ///
    /// # Errors
    /// A file cannot be written or read. Nothing is lost: what stands in memory stays there. [`Error::Damaged`] is met
    /// once: the next call throws the run away.
    pub fn maintain(&self) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let _one_at_a_time = self
            .maintaining
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.discard_damaged()?;
        // First, so that no runs are added as long as it fails.
        self.merge_all(directory)?;
        // What could not be written the last time.
        self.write_frozen(directory)?;
        self.freeze();
        self.write_frozen(directory)?;
        self.merge_all(directory)
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
        self.cut(0)
    }

    fn discard_damaged(&self) -> Result<(), Error> {
        let damaged = first_damaged(&self.read().runs);
        damaged.map_or(Ok(()), |first| self.cut(first))
    }

    /// Forgets everything from one run on, also what stands in memory.
    fn cut(&self, first: usize) -> Result<(), Error> {
        let runs = Arc::clone(&self.read().runs);
        let (kept, cut) = runs.split_at(first.min(runs.len()));
        // The newest first: what a crash leaves is then a beginning without gaps.
        for run in cut.iter().rev() {
            remove(run.path())?;
        }
        // Or a power cut brings back what belongs to another copy of the log.
        if let (Some(directory), false) = (&self.directory, cut.is_empty()) {
            sync_directory(directory)?;
        }
        let mut state = State::new(kept.to_vec(), self.config.tail_postings);
        std::mem::swap(&mut *self.write(), &mut state);
        Ok(())
    }

    /// Sets what stands in memory apart, to be written.
    fn freeze(&self) {
        let mut tail = Tail::starting_at(0, self.config.tail_postings);
        let mut state = self.write();
        let covers = state.tail.covers();
        if !covers.is_empty() && state.frozen.is_none() {
            tail.begin(covers.end);
            std::mem::swap(&mut state.tail, &mut tail);
            state.frozen = Some(Arc::new(tail));
        }
    }

    /// Makes a run of what was set apart.
    fn write_frozen(&self, directory: &Path) -> Result<(), Error> {
        let Some(frozen) = self.start_writing() else {
            return Ok(());
        };
        let runs = Arc::clone(&self.read().runs);
        let postings = frozen.sorted();
        let count = postings.len() as u64;
        let postings = postings.into_iter().map(Ok);
        let budget = self.budget_beside(&runs);
        let written = write_run(directory, frozen.covers(), count, budget, postings);
        let run = written.inspect_err(|_| self.write().has_failed = true)?;
        let mut runs = runs.to_vec();
        runs.push(Arc::new(run));
        let mut state = self.write();
        state.runs = Arc::new(runs);
        state.frozen = None;
        Ok(())
    }

    fn start_writing(&self) -> Option<Arc<Tail>> {
        let mut state = self.write();
        state.has_failed = false;
        state.frozen.clone()
    }

    fn merge_all(&self, directory: &Path) -> Result<(), Error> {
        loop {
            let runs = Arc::clone(&self.read().runs);
            let Some(first) = mergeable(&runs, &self.config) else {
                return Ok(());
            };
            self.merge(directory, &runs, first)?;
        }
    }

    /// Makes one run of those from `first` on.
    fn merge(&self, directory: &Path, runs: &[Arc<Run>], first: usize) -> Result<(), Error> {
        let (kept, old) = runs.split_at(first.min(runs.len()));
        let (Some(oldest), Some(newest)) = (old.first(), old.last()) else {
            return Ok(());
        };
        let covers = oldest.footer.covers.start..newest.footer.covers.end;
        let count = old.iter().map(|run| run.footer.postings).sum();
        let budget = self.budget_beside(kept);
        let run = write_run(directory, covers, count, budget, Merge::of(old))?;
        let mut merged = kept.to_vec();
        merged.push(Arc::new(run));
        self.write().runs = Arc::new(merged);
        // Readers that still have them go on reading them.
        for run in old {
            remove(run.path())?;
        }
        sync_directory(directory)
    }

    /// What a filter may take beside those of other runs.
    fn budget_beside(&self, others: &[Arc<Run>]) -> FilterBudget {
        let whole = self.config.filter_bytes;
        FilterBudget {
            whole,
            left: whole.saturating_sub(filter_bytes(others)),
        }
    }
}
