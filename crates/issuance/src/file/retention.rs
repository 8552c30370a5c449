//! What is beyond the retention, by the record's own times and not by the clock alone.
//!
//! A clock that is wrong for an hour must not cost the record of a year. Segments are begun at least every
//! [`Retention::segment_age`], also by an authority that issues nothing, so that the record shows which times have passed.
//! Times that follow each other closely are a run. A run that begins far from the end of the last believed one, ahead or
//! back, is believed only when it has lasted for [`STEADY`]: a clock that jumped is set right before that, because no
//! verifier takes certificates of its time. A machine that really was off for so long pays for it: what is beyond the
//! retention stays for [`STEADY`] more.

use sigstead_kit::Period;
use time::{Duration, OffsetDateTime};

use super::segment::Segment;

/// How long issuances are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention(Duration);

impl Retention {
    pub(super) fn new(period: Period) -> Self {
        Self(period.time())
    }

    /// How long a segment is appended to, and so how much longer than the retention an issuance may stay.
    pub(super) fn segment_age(self) -> Duration {
        Duration::DAY.min(self.0 / 4)
    }

    /// A pause that counts as time that passed: a weekend, the days around a feast. A clock that is ahead by no more
    /// removes issuances by no more than this too early.
    fn most_gap(self) -> Duration {
        Duration::WEEK.min(self.0 / 2)
    }

    /// The segments that hold nothing younger than the retention: what is in a segment was recorded before each later one
    /// was begun, as far as their times are believed. The last one is none of them.
    pub(super) fn beyond(self, segments: &[Segment], now: OffsetDateTime) -> Vec<&Segment> {
        let times = segments.iter().map(|segment| segment.begun);
        let times: Vec<_> = times.chain([now]).collect();
        let believed = self.believed(&times);
        let newest = believed.iter().rev().find_map(|time| *time);
        let Some(limit) = newest.and_then(|newest| newest.min(now).checked_sub(self.0)) else {
            return Vec::new();
        };
        let mut beyond = Vec::new();
        let mut next: Option<OffsetDateTime> = None;
        for (segment, time) in segments.iter().zip(&believed).rev() {
            if next.is_some_and(|next| next < limit) {
                beyond.push(segment);
            }
            next = next.into_iter().chain(*time).min();
        }
        beyond.reverse();
        beyond
    }

    /// The times, which are given in the order in which they were seen, as far as they are believed.
    fn believed(self, times: &[OffsetDateTime]) -> Vec<Option<OffsetDateTime>> {
        let mut believed = Vec::with_capacity(times.len());
        let mut last: Option<OffsetDateTime> = None;
        let follows = |a: &OffsetDateTime, b: &OffsetDateTime| a <= b && *b - *a <= self.most_gap();
        for run in times.chunk_by(follows) {
            let (Some(first), Some(end)) = (run.first(), run.last()) else {
                continue;
            };
            let continues = last.is_none_or(|last| (*first - last).abs() <= self.most_gap());
            let is_believed = continues || *end - *first >= STEADY;
            believed.extend(run.iter().map(|time| is_believed.then_some(*time)));
            last = is_believed.then_some(*end).or(last);
        }
        believed
    }
}

/// A clock that is so far off that it matters here is noticed within this time.
const STEADY: Duration = Duration::days(30);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const RETENTION: Retention = Retention(Duration::days(400));
    const NONE: [i64; 0] = [];

    fn day(number: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::days(20_000 + number)
    }

    /// The days at which the segments begin that are beyond the retention.
    fn beyond(days: impl IntoIterator<Item = i64>, now: i64) -> Vec<i64> {
        let days: Vec<_> = days.into_iter().collect();
        let segments = days.iter().zip(0..);
        let segments: Vec<_> = segments
            .map(|(at, number)| Segment::new(Path::new(""), number, day(*at)))
            .collect();
        let found = RETENTION.beyond(&segments, day(now)).into_iter();
        found
            .map(|segment| (segment.begun - day(0)).whole_days())
            .collect()
    }

    #[test]
    fn what_is_older_than_the_retention_goes_and_nothing_else() {
        assert_eq!(beyond(0..=400, 400), NONE);
        assert_eq!(beyond(0..=403, 403), [0, 1]);
        assert_eq!(beyond([0], 10_000), NONE, "the last one stays");
        assert_eq!(beyond([], 0), NONE);
    }

    #[test]
    fn pauses_of_some_days_count_as_time() {
        assert_eq!(beyond((0..=420).step_by(7), 420), [0, 7]);
    }

    #[test]
    fn a_clock_that_jumps_ahead_removes_nothing_and_neither_does_its_way_back() {
        let year = || 0..=365;
        assert_eq!(beyond(year(), 4_000), NONE);
        assert_eq!(beyond(year().chain([4_000]), 4_000), NONE);
        assert_eq!(beyond(year().chain(4_000..=4_029), 4_029), NONE);
        let back = year().chain(4_000..=4_010).chain(376..=390);
        assert_eq!(beyond(back, 390), NONE);
        // A year later what was recorded before, and by the wrong clock, goes in the order of the record.
        let later = year().chain(4_000..=4_010).chain(376..=778);
        let gone = year().chain(4_000..=4_010).chain([376]);
        assert_eq!(beyond(later, 778), gone.collect::<Vec<_>>());
    }

    #[test]
    fn a_clock_that_falls_back_to_its_beginning_removes_nothing() {
        let year = || 0..=365;
        for days in [1, 10, 29] {
            let fallen = -20_000..-20_000 + days;
            assert_eq!(beyond(year().chain(fallen.clone()), -20_000 + days), NONE);
            let again = year().chain(fallen).chain(365 + days..=399);
            assert_eq!(beyond(again, 399), NONE, "{days}");
        }
    }

    #[test]
    fn a_record_that_began_with_a_wrong_clock_loses_nothing_when_it_is_set_right() {
        let days = (4_000..=4_040).chain(0..=10);
        assert_eq!(beyond(days, 10), NONE);
    }

    #[test]
    fn a_machine_that_was_off_for_long_goes_on_after_a_while() {
        let days = |last| (0..=10).chain(1_000..=last);
        assert_eq!(beyond(days(1_029), 1_029), NONE);
        assert_eq!(beyond(days(1_030), 1_030), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_short_retention_has_short_segments() {
        let short = Retention(Duration::hours(1));
        assert_eq!(short.segment_age(), Duration::minutes(15));
        assert_eq!(short.most_gap(), Duration::minutes(30));
        assert_eq!(RETENTION.segment_age(), Duration::DAY);
    }
}
