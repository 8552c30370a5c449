//! What the object says that is there while another is not finished.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// An upload that was begun, in two lines: the server's identifier, and when the server was told to make the object of it, if it
/// was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) identifier: String,
    ending_since: Option<OffsetDateTime>,
}

impl Begun {
    pub(super) fn new(identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            ending_since: None,
        }
    }

    /// The same, of which the server makes the object from now on.
    pub(super) fn ending(&self, now: OffsetDateTime) -> Self {
        Self {
            identifier: self.identifier.clone(),
            ending_since: Some(now),
        }
    }

    /// A release that knew no second line has written the first alone.
    pub(super) fn parse(text: &str) -> Self {
        let mut lines = text.trim().lines();
        let identifier = lines.next().unwrap_or_default().trim();
        let since = lines.next().map(str::trim);
        Self {
            identifier: identifier.to_owned(),
            ending_since: since.and_then(|since| OffsetDateTime::parse(since, &Rfc3339).ok()),
        }
    }

    pub(super) fn encode(&self) -> String {
        let since = self
            .ending_since
            .and_then(|since| since.format(&Rfc3339).ok());
        let lines = [Some(self.identifier.clone()), since].into_iter().flatten();
        lines.map(|line| line + "\n").collect()
    }

    /// Whether the server makes no object of it any more.
    pub(super) fn is_settled(&self, now: OffsetDateTime) -> bool {
        self.ending_since.is_none_or(|since| now - since > SETTLED)
    }
}

/// Longer than any server takes for one request, and than clocks differ.
const SETTLED: Duration = Duration::hours(1);

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_was_told_to_end_is_settled_after_an_hour() {
        let now = datetime!(2027-01-03 02:15 UTC);
        let begun = Begun::new("2~abc");
        assert!(begun.is_settled(now));
        let ending = begun.ending(now);
        assert!(!ending.is_settled(now + Duration::minutes(60)));
        assert!(ending.is_settled(now + Duration::minutes(61)));
        // A clock that went back.
        assert!(!ending.is_settled(now - Duration::days(1)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let begun = Begun::new("2~abc");
        let ending = begun.ending(datetime!(2027-01-03 02:15 UTC));
        for begun in [begun, ending] {
            assert_eq!(Begun::parse(&begun.encode()), begun);
        }
        // As an earlier release wrote it.
        assert_eq!(Begun::parse("2~abc"), Begun::new("2~abc"));
        assert_eq!(Begun::parse("2~abc\nyesterday\n"), Begun::new("2~abc"));
        assert_eq!(Begun::parse(""), Begun::new(""));
    }
}
