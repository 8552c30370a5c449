use sigstead_store::RecordFile;

use crate::defect::Defect;
use crate::error::Error;
use crate::head::Head;
use crate::place::Place;
use crate::record::{Record, hash};

/// What is in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The records up to the first defect.
    pub records: Vec<Record>,
    /// How far they come.
    pub head: Head,
    /// The first sign of a change.
    pub defect: Option<Defect>,
    heads: Vec<String>,
}

impl Found {
    /// Compares with a head that was kept elsewhere: all that was in the record then must be in it now.
    ///
    /// # Errors
    /// If something is not.
    pub fn check(&self, head: &Head) -> Result<(), Defect> {
        let Some(last) = head.count.checked_sub(1) else {
            return Ok(());
        };
        let at = usize::try_from(last)
            .ok()
            .and_then(|last| self.heads.get(last));
        match at {
            Some(hash) if *hash == head.hash => Ok(()),
            Some(_) => Err(Defect::OtherHead(last)),
            None => Err(Defect::Short {
                expected: head.count,
                found: self.head.count,
            }),
        }
    }
}

/// Reads the record of a service, which may run or not, and finds what was changed.
///
/// # Errors
/// If a file cannot be read, or its checksums say that it is damaged.
pub fn read(place: &Place) -> Result<Found, Error> {
    let heads = place.heads()?;
    let records = RecordFile::read(&place.records).map_err(|source| Error::Records {
        path: place.records.clone(),
        source,
    })?;
    let mut found = follow(&records);
    if found.defect.is_none() {
        found.defect = compare(&found, &heads).err();
    }
    Ok(found)
}

/// Follows the records from the first one on.
pub(crate) fn follow(records: &[Vec<u8>]) -> Found {
    let mut found = Found {
        records: Vec::new(),
        head: Head::empty(),
        defect: None,
        heads: Vec::new(),
    };
    for bytes in records {
        match next(&found.head, bytes) {
            Ok(record) => {
                found.head = Head {
                    count: found.head.count + 1,
                    hash: hash(bytes),
                };
                found.heads.push(found.head.hash.clone());
                found.records.push(record);
            }
            Err(defect) => {
                found.defect = Some(defect);
                break;
            }
        }
    }
    found
}

fn next(head: &Head, bytes: &[u8]) -> Result<Record, Defect> {
    let record = Record::decode(bytes).ok_or(Defect::Malformed(head.count))?;
    if record.sequence != head.count {
        return Err(Defect::Order {
            sequence: record.sequence,
            expected: head.count,
        });
    }
    match record.previous == head.hash {
        true => Ok(record),
        false => Err(Defect::Broken(head.count)),
    }
}

/// Holds the records to their heads, which may be a little older than they are: they are written after them, and a backup
/// copies them before.
pub(crate) fn compare(found: &Found, heads: &[Head]) -> Result<(), Defect> {
    match heads.is_empty() {
        false => heads.iter().try_for_each(|head| found.check(head)),
        // What an interrupted first write leaves, of an act that did not begin.
        true if found.head.count <= 1 => Ok(()),
        true => Err(Defect::NoHead(found.head.count)),
    }
}
