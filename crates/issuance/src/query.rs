use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

use crate::error::Error;
use crate::issuance::{Issuance, Outcome};

/// What to look for. Every part that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Not before this time.
    pub since: Option<OffsetDateTime>,
    /// Before this time.
    pub until: Option<OffsetDateTime>,
    /// The subject alternative name, in any of these forms; of none every identity fits. See
    /// [`recorded_forms`](crate::recorded_forms).
    pub identities: Vec<String>,
    /// The issuer as the certificate names it.
    pub issuer: Option<String>,
    /// The serial number, hex.
    pub serial: Option<String>,
    /// The identifier of one issuance.
    pub id: Option<String>,
    /// The number of the request.
    pub request_id: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Which come first.
    pub order: Order,
    /// Go on behind this place.
    pub after: Option<Cursor>,
    /// How many at most; none means as many as a page has: 500, or fewer if they are long.
    pub limit: Option<usize>,
}

/// Which issuances come first, by the time at which they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The last one first.
    #[default]
    NewestFirst,
    /// The first one first.
    OldestFirst,
}

/// A place in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(crate) segment: u64,
    pub(crate) position: u64,
}

/// Some of what a query asks for.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The issuances, in the order of the query; perhaps none although more follow.
    pub issuances: Vec<Issuance>,
    /// Where to go on; none at the end.
    pub next: Option<Cursor>,
}

impl Query {
    pub(crate) fn fits(&self, issuance: &Issuance) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        self.since.is_none_or(|since| issuance.time >= since)
            && self.until.is_none_or(|until| issuance.time < until)
            && (self.identities.is_empty() || self.identities.contains(&issuance.identity))
            && is(&self.issuer, &issuance.issuer)
            && is(&self.serial, &issuance.serial)
            && is(&self.id, &issuance.id)
            && (self.request_id.is_none() || self.request_id == issuance.request_id)
            && self
                .outcome
                .is_none_or(|outcome| outcome == issuance.outcome)
    }

    fn most(&self) -> usize {
        self.limit.map_or(PAGE, |limit| limit.clamp(1, PAGE))
    }
}

/// A page that is being filled. It ends when it has as many as were asked for, or as a message holds.
pub(crate) struct Filling {
    page: Page,
    most: usize,
    bytes: usize,
}

impl Filling {
    pub(crate) fn new(query: &Query) -> Self {
        Self {
            page: Page::default(),
            most: query.most(),
            bytes: 0,
        }
    }

    /// Adds an issuance, behind whose place the next page goes on if this one is full now. Answers whether it is.
    pub(crate) fn add(&mut self, issuance: Issuance, place: Cursor) -> bool {
        self.bytes += serde_json::to_vec(&issuance).map_or(PAGE_BYTES, |json| json.len());
        self.page.issuances.push(issuance);
        let is_full = self.page.issuances.len() >= self.most || self.bytes >= PAGE_BYTES;
        if is_full {
            self.page.next = Some(place);
        }
        is_full
    }

    /// The page, and where to go on.
    pub(crate) fn ends_before(mut self, place: Cursor) -> Page {
        self.page.next = Some(place);
        self.page
    }

    pub(crate) fn page(self) -> Page {
        self.page
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.segment, self.position)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = text.split_once('-').and_then(|(segment, position)| {
            Some(Self {
                segment: segment.parse().ok()?,
                position: position.parse().ok()?,
            })
        });
        parsed.ok_or_else(|| Error::CursorMalformed(text.to_owned()))
    }
}

/// So many of the usual length are a small message.
const PAGE: usize = 500;
/// The last one of a page may be longer than what is left; together they are below what a message may have, 8 MiB.
const PAGE_BYTES: usize = 2 << 20;
