//! Reading segments, also while the writer appends to the last one.

use std::collections::BTreeMap;
use std::path::Path;

use sigstead_store::RecordFile;

use super::segment::{Segment, list};
use crate::error::Error;
use crate::issuance::{Issuance, Outcome};
use crate::query::{Cursor, Filling, Order, Page, Query};

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
    let mut filling = Filling::new(query);
    if query.order == Order::NewestFirst {
        segments.reverse();
        if add_open(&mut filling, query, open) {
            return Ok(filling.page());
        }
    }
    let (mut files, mut bytes) = (0, 0);
    for segment in segments.iter().filter(|segment| is_asked(segment, query)) {
        // The page may be read for one match in years of issuances, so that its work has a bound.
        if files == FILES || bytes > BYTES {
            return Ok(filling.ends_before(before(segment, query.order)));
        }
        let records = records(segment)?;
        files += 1;
        bytes += records.iter().map(Vec::len).sum::<usize>();
        if add_segment(&mut filling, query, segment, &records)? {
            return Ok(filling.page());
        }
    }
    if query.order == Order::OldestFirst {
        add_open(&mut filling, query, open);
    }
    Ok(filling.page())
}

/// What the last segments hold without an end. A segment begins with what was open then; of two, because the last one's
/// first records may have been cut off.
pub(super) fn unfinished(segments: &[Segment]) -> Result<Open, Error> {
    let mut open = Open::new();
    for segment in &segments[segments.len().saturating_sub(2)..] {
        for issuance in decode(segment, &records(segment)?)? {
            match issuance.outcome {
                Outcome::Open => open.insert(issuance.id.clone(), issuance),
                _ => open.remove(&issuance.id),
            };
        }
    }
    Ok(open)
}

/// All states of a segment, in order, as they were written.
fn records(segment: &Segment) -> Result<Vec<Vec<u8>>, Error> {
    RecordFile::read(&segment.path).map_err(Error::store("read", &segment.path))
}

fn decode(segment: &Segment, records: &[Vec<u8>]) -> Result<Vec<Issuance>, Error> {
    let decoded = records.iter().zip(1_usize..).map(|(record, number)| {
        serde_json::from_slice(record).map_err(|error| Error::Damaged {
            what: format!("{}, record {number}: {error}", segment.path.display()),
        })
    });
    decoded.collect()
}

/// Adds what fits; tells whether the page is full.
fn add_segment(
    filling: &mut Filling,
    query: &Query,
    segment: &Segment,
    records: &[Vec<u8>],
) -> Result<bool, Error> {
    let states = decode(segment, records)?.into_iter().enumerate();
    let ended: Vec<_> = states
        .filter(|(_, issuance)| issuance.outcome != Outcome::Open)
        .map(|(position, issuance)| (place(segment, position), issuance))
        .filter(|(place, issuance)| is_behind(*place, query) && query.fits(issuance))
        .collect();
    let mut ordered: Box<dyn Iterator<Item = _>> = match query.order {
        Order::NewestFirst => Box::new(ended.into_iter().rev()),
        Order::OldestFirst => Box::new(ended.into_iter()),
    };
    Ok(ordered.any(|(place, issuance)| filling.add(issuance, place)))
}

/// Adds those under way that fit; tells whether the page is full. They are in no segment for good yet, so that their places
/// are counted behind all segments.
fn add_open(filling: &mut Filling, query: &Query, open: &Open) -> bool {
    let seen = match query.after {
        None => 0,
        Some(after) if after.segment == UNDER_WAY => after.position,
        Some(_) if query.order == Order::NewestFirst => return false,
        Some(_) => 0,
    };
    let mut waiting = open
        .values()
        .zip(1_u64..)
        .filter(|(_, position)| *position > seen);
    waiting.any(|(issuance, position)| {
        let place = Cursor {
            segment: UNDER_WAY,
            position,
        };
        query.fits(issuance) && filling.add(issuance.clone(), place)
    })
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

/// Stands for no segment.
const UNDER_WAY: u64 = u64::MAX;
/// Empty files, of an authority that issues nothing, are read fast; full ones in a fraction of a second each.
const FILES: usize = 512;
const BYTES: usize = 64 << 20;
