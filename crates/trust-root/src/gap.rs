//! Times in which nothing of a kind counts: whatever was signed in between, nobody accepts it.

use time::{Duration, OffsetDateTime};

use crate::trusted_root::{TimeRange, TrustedRoot};

/// A time between two keys of a kind, or after the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Of what, for people.
    pub of: &'static str,
    /// The last instant that counts.
    pub after: OffsetDateTime,
    /// The first that counts again; none if nothing follows.
    pub until: Option<OffsetDateTime>,
}

/// The gaps of a trusted root as it is at `now`, by their kinds and times. Logs of both faces are one kind, because the
/// document does not tell them apart.
#[must_use]
pub fn gaps(root: &TrustedRoot, now: OffsetDateTime) -> Vec<Gap> {
    let authorities = [
        ("certificate authority", &root.certificate_authorities),
        ("timestamp authority", &root.timestamp_authorities),
    ];
    let logs = [
        ("log of signatures", &root.tlogs),
        ("log of certificates", &root.ctlogs),
    ];
    let of_authorities = authorities.into_iter().map(|(kind, authorities)| {
        let ranges = authorities.iter().map(|authority| authority.valid_for);
        (kind, ranges.collect::<Vec<_>>())
    });
    let of_logs = logs.into_iter().map(|(kind, logs)| {
        let ranges = logs.iter().map(|log| log.public_key.valid_for);
        (kind, ranges.collect::<Vec<_>>())
    });
    of_authorities
        .chain(of_logs)
        .flat_map(|(kind, ranges)| between(kind, ranges, now))
        .collect()
}

pub(crate) fn between(
    of: &'static str,
    mut ranges: Vec<TimeRange>,
    now: OffsetDateTime,
) -> Vec<Gap> {
    ranges.sort_by_key(|range| range.start);
    let first = ranges.first().and_then(|range| range.start);
    // What ended where it began was taken back, and counts for nothing.
    ranges.retain(|range| range.start.is_none() || range.start != range.end);
    let mut gaps = Vec::new();
    let mut reached = first.filter(|_| ranges.is_empty());
    for range in ranges {
        if let (Some(after), Some(start)) = (reached, range.start)
            && start > after + SECOND
        {
            let until = Some(start);
            gaps.push(Gap { of, after, until });
        }
        let Some(end) = range.end else { return gaps };
        reached = reached.max(Some(end));
    }
    gaps.extend(reached.filter(|end| *end < now).map(|after| Gap {
        of,
        after,
        until: None,
    }));
    gaps
}

/// The documents tell times by the second, and an end is part of the time.
const SECOND: Duration = Duration::seconds(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
    }

    fn found(ranges: &[(i64, Option<i64>)]) -> Vec<(i64, Option<i64>)> {
        let ranges = ranges.iter().map(|(start, end)| TimeRange {
            start: Some(at(*start)),
            end: end.map(at),
        });
        let seconds = |time: OffsetDateTime| (time - at(0)).whole_seconds();
        let gaps = between("log of signatures", ranges.collect(), at(100));
        gaps.into_iter()
            .map(|gap| (seconds(gap.after), gap.until.map(seconds)))
            .collect()
    }

    #[test]
    fn a_time_in_which_nothing_counts_is_found_wherever_it_is() {
        for (ranges, gaps) in [
            (&[(0, None)][..], &[][..]),
            (&[(0, Some(10)), (11, None)], &[]),
            (&[(0, Some(10)), (12, None)], &[(10, Some(12))]),
            // In any order, and one within another.
            (&[(20, None), (0, Some(10))], &[(10, Some(20))]),
            (&[(0, Some(50)), (10, Some(20)), (51, None)], &[]),
            // The last one has ended, or will.
            (&[(0, Some(10))], &[(10, None)]),
            (&[(0, Some(200))], &[]),
            // What was taken back covers nothing.
            (
                &[(0, Some(10)), (11, Some(11)), (20, None)],
                &[(10, Some(20))],
            ),
            (&[(5, Some(5))], &[(5, None)]),
            (&[], &[]),
        ] {
            assert_eq!(found(ranges), gaps, "{ranges:?}");
        }
    }
}
