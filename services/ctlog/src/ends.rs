//! When the certificates end that a log takes.

use sigstead_config::ctlog::LogConfig;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Error;

/// A log's interval of time, the start included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// The first second.
    from: Option<OffsetDateTime>,
    /// The second behind the last.
    until: Option<OffsetDateTime>,
}

impl Ends {
    pub(crate) const fn of(config: &LogConfig) -> Self {
        Self {
            from: config.ends_from,
            until: config.ends_until,
        }
    }

    /// Refuses a certificate that ends outside of the interval.
    pub(crate) fn check(&self, end: OffsetDateTime) -> Result<(), Error> {
        let is_in =
            self.from.is_none_or(|from| from <= end) && self.until.is_none_or(|until| end < until);
        match is_in {
            true => Ok(()),
            false => Err(Error::OtherTime {
                end: shown(end),
                ends: self.shown(),
            }),
        }
    }

    fn shown(&self) -> String {
        let from = self.from.map(|from| format!(" from {}", shown(from)));
        let until = self.until.map(|until| format!(" before {}", shown(until)));
        [from, until].into_iter().flatten().collect()
    }
}

fn shown(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_in_the_interval_and_the_end_is_not() {
        let at = |second| OffsetDateTime::from_unix_timestamp(second).unwrap();
        let ends = |from: Option<i64>, until: Option<i64>| Ends {
            from: from.map(at),
            until: until.map(at),
        };
        for (interval, second, is_in) in [
            (ends(None, None), 0, true),
            (ends(Some(5), Some(9)), 4, false),
            (ends(Some(5), Some(9)), 5, true),
            (ends(Some(5), Some(9)), 8, true),
            (ends(Some(5), Some(9)), 9, false),
            (ends(Some(5), None), 9, true),
            (ends(None, Some(5)), 4, true),
            (ends(None, Some(5)), 5, false),
        ] {
            assert_eq!(interval.check(at(second)).is_ok(), is_in, "{interval:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_log_takes() {
        let at = |second| OffsetDateTime::from_unix_timestamp(second).unwrap();
        let ends = Ends {
            from: Some(at(0)),
            until: Some(at(60)),
        };
        let said = ends.check(at(60)).unwrap_err().to_string();
        assert_eq!(
            said,
            "the certificate ends at 1970-01-01T00:01:00Z, and the log takes those that end from \
             1970-01-01T00:00:00Z before 1970-01-01T00:01:00Z"
        );
    }
}
