//! Until when there is a CT log for the certificates of the authority.

use sigstead_config::ca::CtLogConfig;
use time::{Duration, OffsetDateTime};

use super::finding::{Finding, Seen, if_so};
use super::patient::{Patient, shown_time};

/// Logs take certificates by the time at which they end. Behind the last window none are issued.
pub(super) fn end_soon(patient: &Patient) -> Seen {
    let config = patient.configs.ca()?;
    let Some((last, soon)) = last_of(config.ct_log.logs()) else {
        return Ok(Vec::new());
    };
    if_so(
        last - config.certificate_lifetime.time() - soon <= patient.now,
        || {
            Finding::new(
                format!(
                    "no CT log takes certificates that end after {}, and none would be issued",
                    shown_time(last)
                ),
                "open the next log in time: sigctl rotate ct plan, then start; clients have to see it before it is used",
            )
        },
    )
}

/// The end of the last window and how long before it the next log is due; `None` if some log takes all.
fn last_of(logs: &[CtLogConfig]) -> Option<(OffsetDateTime, Duration)> {
    let ends: Option<Vec<_>> = logs
        .iter()
        .map(|log| Some((log.ends_until?, log.ends_from)))
        .collect();
    let (last, from) = ends?.into_iter().max_by_key(|(until, _)| *until)?;
    let soon = from.map_or(AHEAD, |from| AHEAD.min((last - from) / 3));
    Some((last, soon))
}

/// As long before as `sigctl calendar` says; of a short window, a third of it.
const AHEAD: Duration = Duration::days(60);

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_last_window_counts_and_a_log_without_one_takes_all() {
        let at = |days| OffsetDateTime::UNIX_EPOCH + Duration::days(days);
        let log = |from: Option<i64>, until: Option<i64>| CtLogConfig {
            ends_from: from.map(at),
            ends_until: until.map(at),
            ..CtLogConfig::new("http://ct.example".parse().unwrap(), PathBuf::new())
        };
        for (logs, expected) in [
            (vec![], None),
            (vec![log(None, Some(5)), log(None, None)], None),
            (vec![log(None, Some(5))], Some((5, 60))),
            (
                vec![log(Some(5), Some(35)), log(None, Some(5))],
                Some((35, 10)),
            ),
            (vec![log(Some(0), Some(365))], Some((365, 60))),
        ] {
            let expected = expected.map(|(last, soon)| (at(last), Duration::days(soon)));
            assert_eq!(last_of(&logs), expected);
        }
    }
}
