use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::filter::Filter;
use crate::page::{PAGE_BYTES, Page, RECORDS_PER_PAGE};
use crate::{Error, Key};

/// A file of postings in order of key and position, which never changes.
///
/// It is pages of records, each page with its checksum; then the filter, which may be empty; then the footer.
#[derive(Debug)]
pub(crate) struct Run {
    path: PathBuf,
    file: File,
    pub(crate) footer: Footer,
    /// Which keys it can have; absent where memory for filters is used up.
    filter: Option<Filter>,
    /// Set by the first that meets a page which is not what was written.
    is_damaged: AtomicBool,
}

/// What a run says of itself, at its end, where it is known when the run is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    /// The entries whose postings it holds.
    pub(crate) covers: Range<u64>,
    pub(crate) postings: u64,
    pub(crate) filter_bytes: u64,
    pub(crate) filter_checksum: u32,
}

impl Run {
    /// Opens a run and reads what it says of itself.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| file_error(path, source);
        let file = sigstead_durable::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let damaged = |why| Error::Damaged {
            path: path.to_owned(),
            why,
        };
        let at = length.checked_sub(FOOTER_BYTES as u64);
        let at = at.ok_or_else(|| damaged("it is shorter than a footer"))?;
        let mut bytes = [0; FOOTER_BYTES];
        file.read_exact_at(&mut bytes, at).map_err(failed)?;
        let footer = Footer::decode(&bytes).ok_or_else(|| damaged("its footer does not verify"))?;
        if footer.file_bytes() != Some(length) {
            return Err(damaged("it is not as long as its footer says"));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            footer,
            filter: None,
            is_damaged: AtomicBool::new(false),
        })
    }

    /// Loads the filter if it fits into `budget` bytes of memory, and tells how many it takes.
    pub(crate) fn load_filter(&mut self, budget: usize) -> Result<usize, Error> {
        let length = usize::try_from(self.footer.filter_bytes).unwrap_or(usize::MAX);
        if length == 0 || length > budget {
            return Ok(0);
        }
        let mut bytes = vec![0; length];
        self.read(&mut bytes, self.footer.pages() * PAGE_BYTES as u64)?;
        if crc32c::crc32c(&bytes) != self.footer.filter_checksum {
            return Err(self.damaged("its filter does not verify"));
        }
        let filter = Filter::decode(&bytes).ok_or_else(|| self.damaged("its filter is not one"))?;
        let used = filter.bytes();
        self.filter = Some(filter);
        Ok(used)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn filter_bytes(&self) -> usize {
        self.filter.as_ref().map_or(0, Filter::bytes)
    }

    /// Whether something of it was found that is not what was written.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    /// Whether it may have a key; `false` is certain. Touches memory only.
    pub(crate) fn may_have(&self, key: &Key) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.may_have(key))
    }

    /// The first position of a key.
    pub(crate) fn first(&self, key: &Key) -> Result<Option<u64>, Error> {
        let place = self.seek(key)?;
        let record = place.and_then(|(_, page)| page.from(key).next());
        Ok(record.and_then(|(at, position)| (at == *key).then_some(position)))
    }

    /// Adds the positions of a key, in order, until there are `limit`.
    pub(crate) fn find(&self, key: &Key, limit: usize, found: &mut Vec<u64>) -> Result<(), Error> {
        let mut place = self.seek(key)?;
        while let Some((number, page)) = place {
            for (at, position) in page.from(key) {
                if at != *key || found.len() >= limit {
                    return Ok(());
                }
                found.push(position);
            }
            let next = number + 1;
            let is_there = next < self.footer.pages() && found.len() < limit;
            place = is_there
                .then(|| self.page(next))
                .transpose()?
                .map(|page| (next, page));
        }
        Ok(())
    }

    /// Adds those of some positions, which are in order, at which the run has a key.
    pub(crate) fn find_among(
        &self,
        key: &Key,
        positions: &[u64],
        found: &mut Vec<u64>,
    ) -> Result<(), Error> {
        let mut place: Option<Page> = None;
        for position in positions {
            if !self.footer.covers.contains(position) {
                continue;
            }
            let record = (*key, *position);
            // Neighbours are on one page.
            if !place.as_ref().is_some_and(|page| page.spans(&record)) {
                place = self.page_of(&record)?;
            }
            if place.as_ref().is_some_and(|page| page.has(&record)) {
                found.push(*position);
            }
        }
        Ok(())
    }

    pub(crate) fn page(&self, number: u64) -> Result<Page, Error> {
        let mut bytes = [0; PAGE_BYTES];
        self.read(&mut bytes, number * PAGE_BYTES as u64)?;
        let before = number * RECORDS_PER_PAGE as u64;
        let records = (self.footer.postings - before).min(RECORDS_PER_PAGE as u64);
        let records = usize::try_from(records).unwrap_or(0);
        Page::verified(bytes, number, records).ok_or_else(|| self.damaged("a page does not verify"))
    }

    /// The page that a record is on, if the run has it.
    fn page_of(&self, record: &(Key, u64)) -> Result<Option<Page>, Error> {
        let mut pages = 0..self.footer.pages();
        while !pages.is_empty() {
            let middle = pages.start + (pages.end - pages.start) / 2;
            let page = self.page(middle)?;
            if page.spans(record) {
                return Ok(Some(page));
            }
            match page.first() {
                Some(first) if first < *record => pages.start = middle + 1,
                Some(_) => pages.end = middle,
                None => return Err(self.damaged("a page has no records")),
            }
        }
        Ok(None)
    }

    /// The first page that can have a key, if there is one: the first whose last record is not before it.
    fn seek(&self, key: &Key) -> Result<Option<(u64, Page)>, Error> {
        let mut pages = 0..self.footer.pages();
        let mut prefixes = 0..u64::MAX;
        let mut place = None;
        let mut guesses = 0;
        while !pages.is_empty() {
            // Keys are spread evenly, so a guess lands next to the place. Equal keys are not; bisecting bounds those.
            let middle = if guesses < GUESSES {
                interpolate(&pages, &prefixes, key.prefix())
            } else {
                pages.start + (pages.end - pages.start) / 2
            };
            guesses += 1;
            let page = self.page(middle)?;
            let (Some((first, _)), Some((last, _))) = (page.first(), page.last()) else {
                return Err(self.damaged("a page has no records"));
            };
            if last < *key {
                (pages.start, prefixes.start) = (middle + 1, last.prefix());
                continue;
            }
            place = Some((middle, page));
            if first < *key {
                break;
            }
            (pages.end, prefixes.end) = (middle, first.prefix());
        }
        Ok(place)
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
        let read = self.file.read_exact_at(bytes, at);
        read.map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("it is shorter than it was"),
            _ => file_error(&self.path, source),
        })
    }

    fn damaged(&self, why: &'static str) -> Error {
        self.is_damaged.store(true, Ordering::Relaxed);
        Error::Damaged {
            path: self.path.clone(),
            why,
        }
    }
}

impl Footer {
    pub(crate) const fn pages(&self) -> u64 {
        self.postings.div_ceil(RECORDS_PER_PAGE as u64)
    }

    fn file_bytes(&self) -> Option<u64> {
        let pages = self.pages().checked_mul(PAGE_BYTES as u64)?;
        pages
            .checked_add(self.filter_bytes)?
            .checked_add(FOOTER_BYTES as u64)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [
            self.covers.start,
            self.covers.end,
            self.postings,
            self.filter_bytes,
        ] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.filter_checksum.to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; FOOTER_BYTES]) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (numbers, rest) = content.strip_prefix(MAGIC)?.as_chunks::<8>();
        let [start, end, postings, filter_bytes] = numbers else {
            return None;
        };
        let filter_checksum = u32::from_le_bytes(*rest.first_chunk()?);
        let footer = Self {
            covers: u64::from_le_bytes(*start)..u64::from_le_bytes(*end),
            postings: u64::from_le_bytes(*postings),
            filter_bytes: u64::from_le_bytes(*filter_bytes),
            filter_checksum,
        };
        (footer.covers.start < footer.covers.end).then_some(footer)
    }
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}

fn interpolate(pages: &Range<u64>, prefixes: &Range<u64>, prefix: u64) -> u64 {
    let span = prefixes.end.saturating_sub(prefixes.start).max(1);
    let along = prefix.saturating_sub(prefixes.start).min(span);
    let count = pages.end - pages.start;
    let guess = u128::from(along) * u128::from(count) / u128::from(span);
    pages.start + u64::try_from(guess).unwrap_or(0).min(count - 1)
}

const GUESSES: u32 = 4;

/// The name of the format, and its version.
const MAGIC: &[u8; 8] = b"sgrun\0\0\x01";
const FOOTER_BYTES: usize = 8 + 4 * 8 + 4 + 4;
