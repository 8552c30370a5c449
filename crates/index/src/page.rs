use crate::Key;
use crate::key::KEY_BYTES;

/// Records in order, and their checksum.
pub(crate) struct Page {
    bytes: [u8; PAGE_BYTES],
    records: usize,
}

impl Page {
    /// The page of a number, which has so many records, if that is what these bytes are.
    pub(crate) fn verified(bytes: [u8; PAGE_BYTES], number: u64, records: usize) -> Option<Self> {
        let page = Self { bytes, records };
        page.is_sound(number).then_some(page)
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = (Key, u64)> {
        (0..self.records).filter_map(|index| self.record(index))
    }

    /// The records from a key on.
    pub(crate) fn from(&self, key: &Key) -> impl Iterator<Item = (Key, u64)> {
        let (mut low, mut high) = (0, self.records);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.record(middle).is_some_and(|(at, _)| at < *key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low..self.records).filter_map(|index| self.record(index))
    }

    /// Whether a record would be on this page if there were such a record.
    pub(crate) fn spans(&self, record: &(Key, u64)) -> bool {
        let (first, last) = (self.first(), self.last());
        first.is_some_and(|first| first <= *record) && last.is_some_and(|last| *record <= last)
    }

    pub(crate) fn has(&self, record: &(Key, u64)) -> bool {
        self.records().any(|each| each == *record)
    }

    pub(crate) fn first(&self) -> Option<(Key, u64)> {
        self.record(0)
    }

    pub(crate) fn last(&self) -> Option<(Key, u64)> {
        self.record(self.records.checked_sub(1)?)
    }

    fn record(&self, index: usize) -> Option<(Key, u64)> {
        let bytes = self.bytes.get(index * RECORD_BYTES..)?;
        let (key, rest) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let (position, _) = rest.split_first_chunk()?;
        Some((Key::new(*key), u64::from_be_bytes(*position)))
    }

    /// Whether it is what was written as this page.
    fn is_sound(&self, number: u64) -> bool {
        let Some((records, checksum)) = self.bytes.split_last_chunk() else {
            return false;
        };
        page_checksum(number, records) == u32::from_le_bytes(*checksum)
    }
}

/// The number is part of it, so that a page is not taken for another.
pub(crate) fn page_checksum(number: u64, records: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), records)
}

pub(crate) const RECORD_BYTES: usize = KEY_BYTES + 8;
pub(crate) const PAGE_BYTES: usize = 4096;
pub(crate) const RECORDS_PER_PAGE: usize = (PAGE_BYTES - 4) / RECORD_BYTES;
