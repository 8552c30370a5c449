//! One round: what was tried, how long it took, and what came of it.

use std::future::Future;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::step::Step;
use crate::failure::{Exit, Failure};
use crate::walk::Met;

/// What came of a round.
pub(super) struct Round {
    pub(super) began: OffsetDateTime,
    start: Instant,
    /// In the order in which they were taken. The growth of each log is a step of its own.
    pub(super) taken: Vec<Taken>,
    /// What the repository's roles say of themselves, as far as it was read.
    pub(super) roles: Vec<Met>,
    /// How large each log is that is as it should be.
    pub(super) logs: Vec<(String, u64)>,
}

/// A step that was taken.
pub(super) struct Taken {
    pub(super) step: Step,
    pub(super) took: Duration,
    pub(super) failure: Option<Failure>,
}

impl Round {
    pub(super) fn begin(now: OffsetDateTime) -> Self {
        Self {
            began: now,
            start: Instant::now(),
            taken: Vec::new(),
            roles: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// Takes a step, and gives what it gave unless it failed.
    pub(super) async fn take<T>(
        &mut self,
        step: Step,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Option<T> {
        let start = Instant::now();
        let (given, failure) = match work.await {
            Ok(given) => (Some(given), None),
            Err(failure) => (None, Some(failure)),
        };
        self.taken.push(Taken {
            step,
            took: start.elapsed(),
            failure,
        });
        given
    }

    /// How long it has taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// What failed, in the order of the steps.
    pub(super) fn failures(&self) -> impl Iterator<Item = (Step, &Failure)> {
        let taken = self.taken.iter();
        taken.filter_map(|taken| Some((taken.step, taken.failure.as_ref()?)))
    }

    /// The steps that could not be taken, because of one that failed.
    pub(super) fn unmade(&self) -> impl Iterator<Item = Step> {
        let is_taken = |step: &Step| self.taken.iter().any(|taken| taken.step == *step);
        Step::ALL.into_iter().filter(move |step| !is_taken(step))
    }

    /// The roles that clients refuse within a day.
    pub(super) fn ending(&self) -> impl Iterator<Item = &Met> {
        let soon = self.began + NOTICE;
        self.roles.iter().filter(move |met| met.expires < soon)
    }

    /// How a command ends that made this round and no other: what must not be trusted counts most.
    pub(super) fn exit(&self) -> Exit {
        let ends: Vec<_> = self.failures().map(|(_, failure)| failure.ends()).collect();
        if ends.contains(&Exit::Refused) {
            return Exit::Refused;
        }
        let warns = self.ending().next().is_some();
        ends.first().copied().unwrap_or(match warns {
            true => Exit::Warned,
            false => Exit::Done,
        })
    }
}

const NOTICE: time::Duration = time::Duration::days(1);

#[cfg(test)]
mod tests {
    use super::*;

    async fn round(failures: &[(Step, &'static str)], days: i64) -> Round {
        let mut round = Round::begin(OffsetDateTime::UNIX_EPOCH);
        for (step, code) in failures {
            let failed = async { Err::<(), _>(Failure::new(code, "what", "do")) };
            assert!(round.take(*step, failed).await.is_none());
        }
        let well = round.take(Step::Timestamp, async { Ok(7) });
        assert_eq!(well.await, Some(7));
        round.roles.push(Met {
            role: "timestamp",
            version: 1,
            expires: OffsetDateTime::UNIX_EPOCH + time::Duration::days(days),
        });
        round
    }

    #[tokio::test]
    async fn a_round_ends_as_the_worst_of_its_steps() {
        for (failures, days, exit) in [
            (&[][..], 2, Exit::Done),
            (&[], 0, Exit::Warned),
            (&[(Step::Certificate, "E-CTL-076")], 0, Exit::Unreachable),
            (&[(Step::Token, "E-CTL-405")], 2, Exit::Failed),
            (
                &[(Step::Entry, "E-CTL-076"), (Step::Growth, "E-CTL-400")],
                2,
                Exit::Refused,
            ),
        ] {
            assert_eq!(round(failures, days).await.exit(), exit, "{failures:?}");
        }
    }

    #[tokio::test]
    async fn steps_that_were_not_taken_are_named() {
        let round = round(&[(Step::Tuf, "E-CTL-404")], 2).await;
        let unmade: Vec<_> = round.unmade().map(Step::name).collect();
        let rest = [
            "token",
            "certificate",
            "entry",
            "verification",
            "growth",
            "reading",
        ];
        assert_eq!(unmade, rest);
    }
}
