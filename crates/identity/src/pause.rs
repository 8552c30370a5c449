//! How long an issuer is left alone.

use std::time::Duration;

/// From a successful fetch to the next: five to ten minutes. The spread keeps the issuers of one
/// file, and the replicas of one service, from asking all at once.
pub(crate) fn until_old(random: u32) -> Duration {
    REFRESH + spread(REFRESH, random)
}

/// From the end of the last of `failures` failed fetches in a row to the next: about a second,
/// doubled each time, five minutes at most. A part between half and all of it is taken.
pub(crate) fn after_failures(failures: u32, random: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1));
    let whole = doubled.map_or(LONGEST, |factor| FIRST.saturating_mul(factor));
    let half = whole.min(LONGEST) / 2;
    half + spread(half, random)
}

/// A random number, or none where the system gives none: a spread is a courtesy.
pub(crate) fn random() -> u32 {
    getrandom::u32().unwrap_or_default()
}

fn spread(most: Duration, random: u32) -> Duration {
    most.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

const REFRESH: Duration = Duration::from_secs(5 * 60);
const FIRST: Duration = Duration::from_secs(1);
/// Longer, and an issuer that is back stays unused for longer than anybody waits.
const LONGEST: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_spread_over_half_of_themselves() {
        for (failures, shortest, longest) in [
            (1, 500, 1_000),
            (2, 1_000, 2_000),
            (3, 2_000, 4_000),
            (9, 128_000, 256_000),
            (10, 150_000, 300_000),
            (33, 150_000, 300_000),
            (u32::MAX, 150_000, 300_000),
        ] {
            let pause = |random| after_failures(failures, random).as_millis();
            assert_eq!((pause(0), pause(u32::MAX)), (shortest, longest));
        }
    }

    #[test]
    fn keys_grow_old_within_five_to_ten_minutes() {
        assert_eq!(until_old(0), Duration::from_secs(300));
        assert_eq!(until_old(u32::MAX), Duration::from_secs(600));
    }
}
