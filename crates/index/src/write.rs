use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::filter::Filter;
use crate::page::{PAGE_BYTES, RECORD_BYTES, RECORDS_PER_PAGE, page_checksum};
use crate::run::{Footer, Run, file_error};
use crate::{Error, Key};

/// Writes postings, which come in order, as a run: under another name, synced, and then renamed, so that a run that is
/// there is whole. When it fails nothing of it stays.
pub(crate) fn write_run(
    directory: &Path,
    covers: Range<u64>,
    expected: u64,
    budget: FilterBudget,
    postings: impl Iterator<Item = Result<(Key, u64), Error>>,
) -> Result<Run, Error> {
    let path = directory.join(file_name(&covers));
    let temporary = path.with_extension(TEMPORARY);
    let write = || {
        write_file(&temporary, covers, expected, budget.whole, postings)?;
        sigstead_durable::rename(&temporary, &path)
            .map_err(|source| file_error(&temporary, source))?;
        sync_directory(directory)?;
        let mut run = Run::open(&path)?;
        run.load_filter(budget.left)?;
        Ok(run)
    };
    write().inspect_err(|_| {
        // No run that is in use covers the same, so the name is not that of another. What cannot be removed either is
        // cleaned away when the index is opened.
        let _ = fs::remove_file(&temporary);
        let _ = fs::remove_file(&path);
    })
}

/// How many bytes of memory filters may take: all of them, and that of the run to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilterBudget {
    pub(crate) whole: usize,
    pub(crate) left: usize,
}

fn write_file(
    path: &Path,
    covers: Range<u64>,
    expected: u64,
    filter_budget: usize,
    postings: impl Iterator<Item = Result<(Key, u64), Error>>,
) -> Result<(), Error> {
    let failed = |source| file_error(path, source);
    let file = sigstead_durable::create(path).map_err(failed)?;
    let out = BufWriter::with_capacity(BUFFER, file);
    let mut writer = RunWriter::new(out, expected, filter_budget);
    for posting in postings {
        let (key, position) = posting?;
        writer.push(&key, position).map_err(failed)?;
    }
    let file = writer.finish(covers).map_err(failed)?;
    sigstead_durable::sync(&file).map_err(failed)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), Error> {
    sigstead_durable::sync_directory(directory).map_err(|source| file_error(directory, source))
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    sigstead_durable::remove(path).map_err(|source| file_error(path, source))
}

fn file_name(covers: &Range<u64>) -> PathBuf {
    format!("{:020}-{:020}.{RUN}", covers.start, covers.end).into()
}

struct RunWriter<W> {
    out: W,
    page: Vec<u8>,
    pages: u64,
    postings: u64,
    filter: Option<Filter>,
    last: Option<Key>,
}

impl<W: Write> RunWriter<W> {
    fn new(out: W, expected: u64, filter_budget: usize) -> Self {
        // Two bytes a key are more than a filter takes; beyond the budget nobody would load it.
        let fits = expected.saturating_mul(2) <= filter_budget as u64;
        Self {
            out,
            page: Vec::with_capacity(PAGE_BYTES),
            pages: 0,
            postings: 0,
            filter: fits.then(|| Filter::for_keys(expected)),
            last: None,
        }
    }

    fn push(&mut self, key: &Key, position: u64) -> io::Result<()> {
        self.page.extend(key.as_bytes());
        self.page.extend(position.to_be_bytes());
        self.postings += 1;
        if let Some(filter) = &mut self.filter
            && self.last != Some(*key)
        {
            filter.insert(key);
        }
        self.last = Some(*key);
        if self.page.len() == RECORDS_PER_PAGE * RECORD_BYTES {
            self.flush_page()?;
        }
        Ok(())
    }

    fn flush_page(&mut self) -> io::Result<()> {
        self.page.resize(PAGE_BYTES - 4, 0);
        let checksum = page_checksum(self.pages, &self.page);
        self.page.extend(checksum.to_le_bytes());
        self.out.write_all(&self.page)?;
        self.page.clear();
        self.pages += 1;
        Ok(())
    }
}

impl RunWriter<BufWriter<File>> {
    fn finish(mut self, covers: Range<u64>) -> io::Result<File> {
        if !self.page.is_empty() {
            self.flush_page()?;
        }
        let filter = self.filter.as_ref().map(Filter::encode).unwrap_or_default();
        self.out.write_all(&filter)?;
        let footer = Footer {
            covers,
            postings: self.postings,
            filter_bytes: filter.len() as u64,
            filter_checksum: crc32c::crc32c(&filter),
        };
        self.out.write_all(&footer.encode())?;
        self.out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }
}

/// The endings of files that are whole, and of those that are being written.
pub(crate) const RUN: &str = "run";
pub(crate) const TEMPORARY: &str = "new";
const BUFFER: usize = 256 * 1024;
