//! The issuers at which people log in with a browser.
//!
//! Clients take the service with the newest start that is in use (`SigningConfig` of `sigstore_trustroot.proto`), and those
//! that do not look at times take the first of the list. Both are the same here: the list is written newest first, so the
//! times alone say where people log in.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::trusted_root::TimeRange;

/// Which issuer is offered to browsers from when to when. What was offered once stays, with the end of its time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrowserIssuers(Vec<ServiceState>);

/// A service without a key of its own in the trusted root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceState {
    /// The URL that clients dial.
    pub url: String,
    /// When it is in use.
    pub valid_for: TimeRange,
    /// Whether clients shall use it now.
    pub in_service: bool,
    /// Who runs it. Default: who runs the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
}

/// Where an issuer is among those that are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the others: clients send people here.
    First,
    /// After the others: for clients that let people choose.
    Last,
    /// Alone: the others are offered no longer.
    Only,
}

impl BrowserIssuers {
    /// These issuers.
    #[must_use]
    pub fn new(issuers: Vec<ServiceState>) -> Self {
        Self(issuers)
    }

    /// The issuers with one offered at that place from `now` on, which has whole seconds.
    #[must_use]
    pub fn with(mut self, url: &str, place: Place, now: OffsetDateTime) -> Self {
        self.end(now, |known| known.url == url || place == Place::Only);
        let start = match place {
            Place::First | Place::Only => {
                self.begin_before(now);
                now
            }
            Place::Last => {
                let offered = self.offered();
                let oldest = offered.last().and_then(|each| each.valid_for.start);
                oldest.map_or(now, |oldest| now.min(oldest - STEP))
            }
        };
        self.0.push(ServiceState {
            url: url.to_owned(),
            valid_for: TimeRange {
                start: Some(start),
                end: None,
            },
            in_service: true,
            operator: self.operator_of(url),
        });
        self
    }

    /// Of several services of one operator some clients take the last of the list, not the newest, so each issuer of others has
    /// an operator of its own: its whole URL, because one host may have several issuers. The first issuer of all is the
    /// instance's own.
    fn operator_of(&self, url: &str) -> Option<String> {
        match self.0.first() {
            Some(own) if own.url != url => Some(url.to_owned()),
            own => own.and_then(|own| own.operator.clone()),
        }
    }

    /// The issuers without one, which is offered until `now`.
    ///
    /// # Errors
    /// If it is not offered, or no other is.
    pub fn without(mut self, url: &str, now: OffsetDateTime) -> Result<Self, Error> {
        let others = self.offered().iter().filter(|each| each.url != url).count();
        if !self.offers(url) {
            return Err(Error::IssuerNotOffered {
                issuer: url.to_owned(),
            });
        }
        if others == 0 {
            return Err(Error::LastIssuer {
                issuer: url.to_owned(),
            });
        }
        self.end(now, |known| known.url == url);
        Ok(self)
    }

    /// Those that are offered now, the one first to which clients send people.
    #[must_use]
    pub fn offered(&self) -> Vec<&ServiceState> {
        let mut offered: Vec<_> = self.0.iter().filter(|each| each.in_service).collect();
        offered.sort_by_key(|each| std::cmp::Reverse(each.valid_for.start));
        offered
    }

    /// Whether an issuer is offered.
    #[must_use]
    pub fn offers(&self, url: &str) -> bool {
        self.0.iter().any(|each| each.in_service && each.url == url)
    }

    /// Lets those that are offered begin before `now`, in the order that they have. One that began in this second, or by a
    /// clock that was ahead, would have no order, or begin before its time, for clients.
    fn begin_before(&mut self, now: OffsetDateTime) {
        let mut offered: Vec<_> = self.0.iter_mut().filter(|each| each.in_service).collect();
        offered.sort_by_key(|each| std::cmp::Reverse(each.valid_for.start));
        let mut limit = now - STEP;
        for each in offered {
            let start = each.valid_for.start.map_or(limit, |start| start.min(limit));
            each.valid_for.start = Some(start);
            limit = start - STEP;
        }
    }

    fn end(&mut self, now: OffsetDateTime, is_ended: impl Fn(&ServiceState) -> bool) {
        let offered = self.0.iter_mut().filter(|each| each.in_service);
        for known in offered.filter(|each| is_ended(each)) {
            known.in_service = false;
            // A second that has not come yet is no time in which it was offered.
            known.valid_for.end = Some(known.valid_for.start.map_or(now, |start| start.max(now)));
        }
    }
}

/// What tells two starts apart for every client.
const STEP: Duration = Duration::SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "http://ours.example";
    const THEIRS: &str = "https://id.example.com";

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(second).unwrap()
    }

    fn ours() -> BrowserIssuers {
        BrowserIssuers::default().with(OURS, Place::First, at(100))
    }

    fn offered(issuers: &BrowserIssuers) -> Vec<(&str, i64)> {
        let offered = issuers.offered();
        let start = |each: &ServiceState| each.valid_for.start.unwrap().unix_timestamp();
        offered
            .into_iter()
            .map(|each| (each.url.as_str(), start(each)))
            .collect()
    }

    #[test]
    fn the_newest_start_is_that_of_the_issuer_to_which_people_are_sent() {
        let first = ours().with(THEIRS, Place::First, at(200));
        assert_eq!(offered(&first), [(THEIRS, 200), (OURS, 100)]);
        let at_once = ours().with(THEIRS, Place::First, at(100));
        assert_eq!(offered(&at_once), [(THEIRS, 100), (OURS, 99)]);
        let again = at_once.with(OURS, Place::First, at(100));
        assert_eq!(offered(&again), [(OURS, 100), (THEIRS, 99)]);
        let last = ours().with(THEIRS, Place::Last, at(200));
        assert_eq!(offered(&last), [(OURS, 100), (THEIRS, 99)]);
        let only = ours().with(THEIRS, Place::Only, at(200));
        assert_eq!(offered(&only), [(THEIRS, 200)]);
        assert_eq!(only.0[0].valid_for.end, Some(at(200)));
    }

    #[test]
    fn an_issuer_of_others_has_an_operator_of_its_own_beside_others_of_its_host() {
        let realms = [
            "https://id.example.com/realms/a",
            "https://id.example.com/realms/b",
        ];
        let issuers = ours().with(realms[0], Place::First, at(200));
        let issuers = issuers.with(realms[1], Place::Last, at(300));
        let issuers = issuers.with(OURS, Place::First, at(400));
        let offered = issuers.offered().into_iter();
        let operators: Vec<_> = offered.map(|each| each.operator.as_deref()).collect();
        assert_eq!(operators, [None, Some(realms[0]), Some(realms[1])]);
    }

    #[test]
    fn an_operator_of_an_older_state_gives_way_when_its_issuer_is_offered_again() {
        let mut older = ours().with(THEIRS, Place::First, at(200));
        older.0[1].operator = Some("id.example.com".to_owned());
        let issuers = older.with(THEIRS, Place::Last, at(300));
        let operators: Vec<_> = issuers
            .0
            .iter()
            .map(|each| each.operator.as_deref())
            .collect();
        assert_eq!(operators, [None, Some("id.example.com"), Some(THEIRS)]);
    }

    #[test]
    fn an_issuer_is_offered_once_wherever_it_was_before() {
        let issuers = ours().with(THEIRS, Place::Last, at(200));
        let issuers = issuers.with(THEIRS, Place::First, at(300));
        assert_eq!(offered(&issuers), [(THEIRS, 300), (OURS, 100)]);
        let back = issuers.with(OURS, Place::First, at(400));
        assert_eq!(offered(&back), [(OURS, 400), (THEIRS, 300)]);
        assert_eq!(back.0.len(), 4);
    }

    #[test]
    fn the_last_issuer_stays_and_an_unknown_one_cannot_go() {
        let issuers = ours().with(THEIRS, Place::First, at(200));
        let left = issuers.without(THEIRS, at(300)).unwrap();
        assert_eq!(offered(&left), [(OURS, 100)]);
        let refused = left.clone().without(THEIRS, at(300)).unwrap_err();
        assert!(
            matches!(refused, Error::IssuerNotOffered { .. }),
            "{refused}"
        );
        let refused = left.without(OURS, at(300)).unwrap_err();
        assert!(matches!(refused, Error::LastIssuer { .. }), "{refused}");
    }

    #[test]
    fn the_list_of_an_older_state_is_read_as_it_is() {
        let json = r#"[{"url":"http://ours.example","valid_for":{"start":"1970-01-01T00:01:40Z"},"in_service":true}]"#;
        let read: BrowserIssuers = serde_json::from_str(json).unwrap();
        assert_eq!(read, ours());
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
}
