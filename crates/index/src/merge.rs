use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::run::Run;
use crate::{Error, Key};

/// The postings of several runs in one order, read page by page.
pub(crate) struct Merge {
    sources: Vec<Source>,
    /// The next posting of each source that has one.
    next: BinaryHeap<Reverse<(Key, u64, usize)>>,
    failed: Option<Error>,
}

struct Source {
    run: Arc<Run>,
    page: u64,
    records: std::vec::IntoIter<(Key, u64)>,
}

impl Merge {
    pub(crate) fn of(runs: &[Arc<Run>]) -> Self {
        let sources = runs.iter().map(|run| Source {
            run: Arc::clone(run),
            page: 0,
            records: Vec::new().into_iter(),
        });
        let mut merge = Self {
            sources: sources.collect(),
            next: BinaryHeap::new(),
            failed: None,
        };
        (0..runs.len()).for_each(|source| merge.advance(source));
        merge
    }

    fn advance(&mut self, number: usize) {
        let Some(source) = self.sources.get_mut(number) else {
            return;
        };
        match source.next() {
            Ok(Some((key, position))) => self.next.push(Reverse((key, position, number))),
            Ok(None) => {}
            Err(error) => self.failed = Some(error),
        }
    }
}

impl Iterator for Merge {
    type Item = Result<(Key, u64), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        let Reverse((key, position, source)) = self.next.pop()?;
        self.advance(source);
        Some(Ok((key, position)))
    }
}

impl Source {
    fn next(&mut self) -> Result<Option<(Key, u64)>, Error> {
        if let Some(record) = self.records.next() {
            return Ok(Some(record));
        }
        if self.page == self.run.footer.pages() {
            return Ok(None);
        }
        let page = self.run.page(self.page)?;
        self.page += 1;
        self.records = page.records().collect::<Vec<_>>().into_iter();
        Ok(self.records.next())
    }
}
