//! Reading segments, also while the writer appends to the last one.

use std::collections::BTreeMap;
use std::path::Path;

use sigstead_store::RecordFile;

use super::segment::{Segment, list};
use crate::error::Error;
use crate::issuance::{Issuance, Outcome};
use crate::query::{Cursor, Order, Page, Query};

/// The issuances under way, by identifier.
pub(super) type Open = BTreeMap<String, Issuance>;

/// A page of the record of an authority that does not run. It changes nothing, and needs no lock; an issuance without an
/// end is told as [`Outcome::Open`].
///
/// # Errors
/// [`Error::Read`] if the directory cannot be read, [`Error::Damaged`] if a file is not what was written.
pub fn read_page(directory: &Path, query: &Query) -> Result<Page, Error> {
    let open = unfinished(&list(directory)?)?;
    page(directory, query, &open)
}

/// A page: those under way as the newest, then the ended ones. A state that ended an issuance holds all of it.
pub(super) fn page(directory: &Path, query: &Query, open: &Open) -> Result<Page, Error> {
    let mut segments = list(directory)?;
    let mut page = Page::default();
    if query.order == Order::NewestFirst {
        segments.reverse();
        if query.after.is_none() {
            add_open(&mut page, query, open);
        }
    }
    let asked = segments.iter().filter(|segment| is_asked(segment, query));
    for (read, segment) in asked.enumerate() {
        // The page may be read for one match in years of issuances, so that its work has a bound.
        if read == SEGMENTS {
            page.next = Some(before(segment, query.order));
            return Ok(page);
        }
        if add_segment(&mut page, query, segment)? {
            return Ok(page);
        }
    }
    if query.order == Order::OldestFirst {
        add_open(&mut page, query, open);
    }
    Ok(page)
}

/// What the last segments hold without an end. A segment begins with what was open then; of two, because the last one's
/// first records may have been cut off.
pub(super) fn unfinished(segments: &[Segment]) -> Result<Open, Error> {
    let mut open = Open::new();
    for segment in &segments[segments.len().saturating_sub(2)..] {
        for issuance in issuances(segment)? {
            match issuance.outcome {
                Outcome::Open => open.insert(issuance.id.clone(), issuance),
                _ => open.remove(&issuance.id),
            };
        }
    }
    Ok(open)
}

/// All states of a segment, in order.
pub(super) fn issuances(segment: &Segment) -> Result<Vec<Issuance>, Error> {
    let records = RecordFile::read(&segment.path).map_err(Error::store("read", &segment.path))?;
    decode(segment, &records)
}

pub(super) fn decode(segment: &Segment, records: &[Vec<u8>]) -> Result<Vec<Issuance>, Error> {
    let damaged = |error: serde_json::Error| Error::Damaged {
        what: format!("{}: {error}", segment.path.display()),
    };
    records
        .iter()
        .map(|record| serde_json::from_slice(record).map_err(damaged))
        .collect()
}

/// Adds what fits; tells whether the page is full.
fn add_segment(page: &mut Page, query: &Query, segment: &Segment) -> Result<bool, Error> {
    let states = issuances(segment)?.into_iter().enumerate();
    let ended: Vec<_> = states
        .filter(|(_, issuance)| issuance.outcome != Outcome::Open)
        .map(|(position, issuance)| (place(segment, position), issuance))
        .filter(|(place, issuance)| is_behind(*place, query) && query.fits(issuance))
        .collect();
    let ordered: Box<dyn Iterator<Item = _>> = match query.order {
        Order::NewestFirst => Box::new(ended.into_iter().rev()),
        Order::OldestFirst => Box::new(ended.into_iter()),
    };
    for (place, issuance) in ordered {
        page.issuances.push(issuance);
        if page.issuances.len() >= query.most() {
            page.next = Some(place);
            return Ok(true);
        }
    }
    Ok(false)
}

/// Those under way have no place yet, so that they are not counted against the limit, and stand on one page only.
fn add_open(page: &mut Page, query: &Query, open: &Open) {
    let fitting = open.values().filter(|issuance| query.fits(issuance));
    page.issuances.extend(fitting.cloned());
}

fn is_asked(segment: &Segment, query: &Query) -> bool {
    match (query.after, query.order) {
        (None, _) => true,
        (Some(after), Order::NewestFirst) => segment.number <= after.segment,
        (Some(after), Order::OldestFirst) => segment.number >= after.segment,
    }
}

fn is_behind(place: Cursor, query: &Query) -> bool {
    match (query.after, query.order) {
        (None, _) => true,
        (Some(after), Order::NewestFirst) => place < after,
        (Some(after), Order::OldestFirst) => place > after,
    }
}

/// The place in front of all records of a segment. Positions begin at one, so that there is one in both orders.
fn before(segment: &Segment, order: Order) -> Cursor {
    Cursor {
        segment: segment.number,
        position: match order {
            Order::NewestFirst => u64::MAX,
            Order::OldestFirst => 0,
        },
    }
}

fn place(segment: &Segment, index: usize) -> Cursor {
    Cursor {
        segment: segment.number,
        position: index as u64 + 1,
    }
}

/// A segment is read in a fraction of a second.
const SEGMENTS: usize = 8;
