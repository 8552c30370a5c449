//! Which certificates the next log takes, by the time at which they end.

use serde::{Deserialize, Serialize};
use sigstead_kit::Period;
use time::OffsetDateTime;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::log_configs;
use crate::rotate::arguments::Asked;
use crate::rotate::ca;

/// When the certificates end that the next log takes.
///
/// The authority alone keeps the beginning, the log the end as well: so a certificate of now can be tried in a log that is opened
/// long ahead, and the log can take over early if the one of now fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::rotate) struct Window {
    /// The end of the window of now, which this one follows; `None` of a log that takes over as soon as it may.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) from: Option<OffsetDateTime>,
    /// Its own end, which the log after it begins with.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) until: OffsetDateTime,
    /// How long certificates live.
    lifetime: Period,
    /// How long clients are given to see the log before the authority is told of it.
    pub(super) soak: Period,
}

/// The log of now: when the certificates end that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WindowOfNow {
    from: Option<OffsetDateTime>,
    until: OffsetDateTime,
}

impl WindowOfNow {
    /// `None` of a log that takes all. A log that takes over early has a beginning of its own nowhere.
    pub(super) fn of(instance: &Instance, name: &str) -> Result<Option<Self>, Failure> {
        let mut logs = log_configs::certificate_logs(instance)?.into_iter();
        let log = logs.find(|log| log.origin.as_str() == name);
        let Some(log) = log else { return Ok(None) };
        let used = log_configs::logs_of_authority(instance)?;
        let mut used = used.logs().iter();
        let used = used.find(|used| used.ends_until.is_some() && used.ends_until == log.ends_until);
        Ok(log.ends_until.map(|until| Self {
            from: log.ends_from.or_else(|| used?.ends_from),
            until,
        }))
    }
}

impl Window {
    /// The window of the next log, if it has one, and after what time the log takes over if nobody says when.
    ///
    /// A log follows the window of now, without a gap and without another certificate in the log of now than before. Where that
    /// cannot be, because it is asked for at a time or clients would not know the log then, it takes over as soon as it may.
    pub(super) fn next(
        now: Option<WindowOfNow>,
        asked: &Asked,
        lifetime: Period,
    ) -> Result<Option<(Self, Option<Period>)>, Failure> {
        let length = asked.window.map(|window| window.time());
        let length = length.or_else(|| now.and_then(|now| Some(now.until - now.from?)));
        let Some(length) = length else {
            return now.map_or(Ok(None), |_| Err(unsaid()));
        };
        if length <= lifetime.time() {
            return Err(too_short(lifetime));
        }
        let of = |from, until| Self {
            from,
            until,
            lifetime,
            soak: asked.soak,
        };
        let known = asked.now + asked.soak.time();
        let ends = now.map(|now| now.until).filter(|_| asked.delay.is_none());
        if let Some(ends) = ends.filter(|ends| known <= *ends - lifetime.time()) {
            let due = (ends - lifetime.time() - asked.now).whole_seconds();
            let due = Period::from_seconds(due.try_into().unwrap_or(0));
            return Ok(Some((of(Some(ends), ends + length), Some(due))));
        }
        let over = asked.now + asked.delay.unwrap_or(asked.soak).time() + lifetime.time();
        Ok(Some((of(None, over + length), None)))
    }

    /// When the first certificate is issued that ends in a window that follows another.
    pub(super) fn first_issued(&self) -> Option<OffsetDateTime> {
        Some(self.from? - self.lifetime.time())
    }

    /// The same of the log that follows the one of this name.
    pub(super) fn after(
        instance: &Instance,
        name: &str,
        asked: &Asked,
    ) -> Result<Option<(Self, Option<Period>)>, Failure> {
        let lifetime = ca::config(instance)?.certificate_lifetime;
        Self::next(WindowOfNow::of(instance, name)?, asked, lifetime)
    }
}

fn unsaid() -> Failure {
    Failure::new(
        "E-CTL-532",
        "the log of now has a window, and it is not said how long that of the next one is",
        "say it: --window PERIOD, as in --window 180d",
    )
    .exit(Exit::Usage)
}

fn too_short(lifetime: Period) -> Failure {
    Failure::new(
        "E-CTL-532",
        format!("the window of the next log is not longer than the {lifetime} for which certificates live"),
        "write a longer one, as in --window 180d: the log after it is opened ahead, in good time for clients",
    )
    .exit(Exit::Usage)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    const LIFETIME: Period = Period::from_minutes(10);
    const SOAK: Period = Period::from_days(8);

    fn asked(delay: Option<Period>, window: Option<Period>) -> Asked {
        Asked {
            now: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
            soak: SOAK,
            delay,
            window,
        }
    }

    fn of_now(from: Option<i64>, until: i64) -> WindowOfNow {
        let at = |days| asked(None, None).now + Duration::days(days);
        WindowOfNow {
            from: from.map(at),
            until: at(until),
        }
    }

    fn next(now: Option<WindowOfNow>, asked: &Asked) -> Option<(Window, Option<Period>)> {
        Window::next(now, asked, LIFETIME).unwrap()
    }

    #[test]
    fn a_log_follows_the_window_of_now_without_a_gap() {
        let asked = asked(None, None);
        let (window, due) = next(Some(of_now(Some(-40), 50)), &asked).unwrap();
        let ends = of_now(None, 50).until;
        assert_eq!(window.from, Some(ends));
        assert_eq!(window.until, ends + Duration::days(90));
        assert_eq!(window.first_issued(), Some(ends - LIFETIME.time()));
        let due = due.unwrap();
        assert_eq!(asked.now + due.time() + LIFETIME.time(), ends);
    }

    #[test]
    fn a_log_that_clients_would_know_too_late_or_that_is_wanted_earlier_takes_over_as_soon_as_it_may()
     {
        let month = Some(Period::from_days(30));
        let at_once = Some(Period::from_seconds(0));
        for (now, asked, over) in [
            (None, asked(None, month), SOAK),
            (Some(of_now(None, 8)), asked(None, month), SOAK),
            (
                Some(of_now(None, 50)),
                asked(at_once, month),
                Period::from_seconds(0),
            ),
        ] {
            let (window, due) = next(now, &asked).unwrap();
            assert_eq!((window.from, due), (None, None));
            let over = asked.now + over.time() + LIFETIME.time();
            assert_eq!(window.until, over + Duration::days(30));
        }
    }

    #[test]
    fn a_log_has_a_window_if_that_is_said_or_the_one_of_now_has_one() {
        assert_eq!(next(None, &asked(None, None)), None);
        for (now, asked) in [
            (Some(of_now(None, 50)), asked(None, None)),
            (None, asked(None, Some(LIFETIME))),
        ] {
            let refused = Window::next(now, &asked, LIFETIME).unwrap_err();
            assert_eq!(refused.code(), "E-CTL-532");
        }
    }
}
