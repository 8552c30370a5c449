//! What is measured of the rounds.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::round::{Round, Taken};
use crate::explain;
use crate::failure::Failure;

/// The measurements of a prober.
pub(super) struct Metrics {
    successes: IntCounterVec,
    failures: IntCounterVec,
    failing: IntGaugeVec,
    duration: HistogramVec,
    last_success: IntGaugeVec,
    last_round: IntGauge,
    tuf_expires: IntGaugeVec,
    log_size: IntGaugeVec,
}

impl Metrics {
    pub(super) fn register(registry: &Registry) -> Result<Self, Failure> {
        Self::try_register(registry).map_err(|error| {
            Failure::io(
                "the measurements cannot be made",
                std::io::Error::other(error),
            )
        })
    }

    fn try_register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("sigstead_probe_{name}"), help);
        let buckets = vec![0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];
        let duration = HistogramOpts::from(opts(
            "step_duration_seconds",
            "How long each step took, whatever came of it.",
        ));
        let metrics = Self {
            successes: IntCounterVec::new(
                opts("successes_total", "How often each step did what it should."),
                &["step"],
            )?,
            failures: IntCounterVec::new(
                opts(
                    "failures_total",
                    "How often each step failed, by the code of the failure.",
                ),
                &["step", "code"],
            )?,
            failing: IntGaugeVec::new(
                opts(
                    "failing",
                    "What failed in the last round, by the code of the failure.",
                ),
                &["step", "code"],
            )?,
            duration: HistogramVec::new(duration.buckets(buckets), &["step"])?,
            last_success: IntGaugeVec::new(
                opts(
                    "last_success_timestamp_seconds",
                    "When each step did last what it should, in seconds since the epoch.",
                ),
                &["step"],
            )?,
            last_round: IntGauge::with_opts(opts(
                "last_round_timestamp_seconds",
                "When the last round began, in seconds since the epoch.",
            ))?,
            tuf_expires: IntGaugeVec::new(
                opts(
                    "tuf_expires_timestamp_seconds",
                    "When clients stop to accept each role's metadata, as it is served, in seconds since the epoch.",
                ),
                &["role"],
            )?,
            log_size: IntGaugeVec::new(
                opts("log_size", "How many entries each log proved to have."),
                &["origin"],
            )?,
        };
        registry.register(Box::new(metrics.successes.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        registry.register(Box::new(metrics.failing.clone()))?;
        registry.register(Box::new(metrics.duration.clone()))?;
        registry.register(Box::new(metrics.last_success.clone()))?;
        registry.register(Box::new(metrics.last_round.clone()))?;
        registry.register(Box::new(metrics.tuf_expires.clone()))?;
        registry.register(Box::new(metrics.log_size.clone()))?;
        Ok(metrics)
    }

    /// Counts a round.
    pub(super) fn count(&self, round: &Round) {
        let began = round.began.unix_timestamp();
        self.failing.reset();
        self.last_round.set(began);
        for taken in &round.taken {
            self.count_step(taken, began);
        }
        for met in &round.roles {
            let expires = self.tuf_expires.with_label_values(&[met.role]);
            expires.set(met.expires.unix_timestamp());
        }
        for (origin, size) in &round.logs {
            let size = i64::try_from(*size).unwrap_or(i64::MAX);
            self.log_size.with_label_values(&[origin]).set(size);
        }
    }

    fn count_step(&self, taken: &Taken, began: i64) {
        let step = taken.step.name();
        let duration = self.duration.with_label_values(&[step]);
        duration.observe(taken.took.as_secs_f64());
        match &taken.failure {
            None => {
                self.successes.with_label_values(&[step]).inc();
                self.last_success.with_label_values(&[step]).set(began);
            }
            Some(failure) => {
                let labels = [step, label(failure)];
                self.failures.with_label_values(&labels).inc();
                self.failing.with_label_values(&labels).set(1);
            }
        }
    }
}

/// A code as a label. What answers may be anybody, and would make series without end.
fn label(failure: &Failure) -> &str {
    match explain::is_known(failure.code()) {
        true => failure.code(),
        false => "E-CTL-003",
    }
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;
    use time::OffsetDateTime;

    use super::*;
    use crate::probe::step::Step;

    async fn shown(codes: &[&'static str]) -> String {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        for code in codes {
            let mut round = Round::begin(OffsetDateTime::UNIX_EPOCH);
            let failed = async { Err::<(), _>(Failure::named(*code, "what", "do")) };
            round.take(Step::Entry, failed).await;
            round.take(Step::Timestamp, async { Ok(()) }).await;
            metrics.count(&round);
        }
        let families = registry.gather();
        TextEncoder::new().encode_to_string(&families).unwrap()
    }

    #[tokio::test]
    async fn what_failed_last_is_told_by_step_and_code() {
        let shown = shown(&["E-CTL-076", "E-CTL-003"]).await;
        let has = |line: &str| shown.lines().any(|shown| shown == line);
        for line in [
            r#"sigstead_probe_failures_total{code="E-CTL-076",step="entry"} 1"#,
            r#"sigstead_probe_failing{code="E-CTL-003",step="entry"} 1"#,
            r#"sigstead_probe_successes_total{step="timestamp"} 2"#,
        ] {
            assert!(has(line), "{shown}");
        }
        assert!(!shown.contains(r#"failing{code="E-CTL-076""#), "{shown}");
    }

    #[tokio::test]
    async fn a_stranger_makes_no_series_of_its_own() {
        let shown = shown(&["E-EVIL-001", "E-EVIL-002"]).await;
        assert!(!shown.contains("EVIL"), "{shown}");
        assert!(shown.contains(r#"code="E-CTL-003""#), "{shown}");
    }
}
