use sigstead_store::RecordFile;
use time::OffsetDateTime;

use crate::chain::{compare, follow};
use crate::error::Error;
use crate::head::Head;
use crate::place::Place;
use crate::record::{Event, Record, hash};

/// The record that one process writes. Calls block.
#[derive(Debug)]
pub struct Acts {
    place: Place,
    /// Absent until the first record, and after a write that failed: it is read and checked again then, so that room on the
    /// disk is all that is needed to go on.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: RecordFile,
    head: Head,
}

impl Acts {
    /// The record at a place, which is not opened yet.
    #[must_use]
    pub const fn new(place: Place) -> Self {
        Self { place, open: None }
    }

    /// Writes a record; it and the head that covers it are durable when this answers `Ok` with its sequence.
    ///
    /// # Errors
    /// If it cannot be written, or the record was changed since it was written.
    pub fn append(&mut self, event: Event, time: OffsetDateTime) -> Result<u64, Error> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.place)?,
        };
        let record = Record {
            sequence: open.head.count,
            previous: open.head.hash.clone(),
            time,
            event,
        };
        let bytes = record.encode()?;
        if let Err(source) = open.file.append(&bytes) {
            let path = self.place.records.clone();
            // What is left of it would be one record too many, but not a wrong one.
            if let Err(error) = open.file.abandon() {
                tracing::warn!(
                    "the rest of a record was not cut off: {}",
                    sigstead_kit::causes(&error)
                );
            }
            return Err(Error::Records { path, source });
        }
        open.head = Head {
            count: record.sequence + 1,
            hash: hash(&bytes),
        };
        self.place.store(&open.head)?;
        self.open = Some(open);
        Ok(record.sequence)
    }
}

impl Open {
    fn at(place: &Place) -> Result<Self, Error> {
        let heads = place.heads()?;
        let opened = RecordFile::open(&place.records);
        let (file, records) = opened.map_err(|source| Error::Records {
            path: place.records.clone(),
            source,
        })?;
        let found = follow(&records);
        let defect = found
            .defect
            .clone()
            .map_or_else(|| compare(&found, &heads), Err);
        defect.map_err(|defect| Error::Changed {
            path: place.records.clone(),
            defect,
        })?;
        if found.head.count > 0 {
            place.store(&found.head)?;
        }
        Ok(Self {
            file,
            head: found.head,
        })
    }
}
