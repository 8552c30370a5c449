//! What is said of a round.

use serde::Serialize;
use serde_json::Value;

use super::round::Round;
use super::step::Step;
use crate::output::Output;

/// A round as it is shown.
#[derive(Serialize)]
pub(super) struct Report {
    instance: String,
    #[serde(with = "time::serde::rfc3339")]
    began: time::OffsetDateTime,
    took_millis: u128,
    steps: Vec<ShownStep>,
    /// The steps that could not be taken.
    unmade: Vec<Step>,
    roles: Vec<ShownRole>,
    logs: Vec<ShownLog>,
    #[serde(skip)]
    lines: Vec<String>,
}

#[derive(Serialize)]
struct ShownStep {
    step: Step,
    took_millis: u128,
    /// Null if the step did what it should.
    error: Option<Value>,
}

#[derive(Serialize)]
struct ShownRole {
    role: &'static str,
    version: u64,
    #[serde(with = "time::serde::rfc3339")]
    expires: time::OffsetDateTime,
}

#[derive(Serialize)]
struct ShownLog {
    origin: String,
    size: u64,
}

impl Report {
    pub(super) fn new(instance: &str, round: &Round) -> Self {
        let steps = round.taken.iter().map(|taken| ShownStep {
            step: taken.step,
            took_millis: taken.took.as_millis(),
            error: taken.failure.as_ref().map(|failure| failure.json()),
        });
        let roles = round.roles.iter().map(|met| ShownRole {
            role: met.role,
            version: met.version,
            expires: met.expires,
        });
        let logs = round.logs.iter().map(|(origin, size)| ShownLog {
            origin: origin.clone(),
            size: *size,
        });
        Self {
            instance: instance.to_owned(),
            began: round.began,
            took_millis: round.elapsed().as_millis(),
            steps: steps.collect(),
            unmade: round.unmade().collect(),
            roles: roles.collect(),
            logs: logs.collect(),
            lines: lines(round),
        }
    }

    pub(super) fn print(&self, output: Output) {
        output.print(self, Self::text);
    }

    fn text(&self) -> String {
        let failed = self.steps.iter().filter(|step| step.error.is_some());
        let failed = failed.count();
        let mut summary = match failed {
            0 => format!("{}: {} steps, all well", self.instance, self.steps.len()),
            _ => format!(
                "{}: {} steps, {failed} failed",
                self.instance,
                self.steps.len()
            ),
        };
        if !self.unmade.is_empty() {
            let unmade: Vec<_> = self.unmade.iter().map(|step| step.name()).collect();
            summary.push_str(&format!("; not made: {}", unmade.join(", ")));
        }
        let mut lines = self.lines.clone();
        lines.push(format!("{summary}; {} ms", self.took_millis));
        lines.join("\n")
    }
}

/// A line for each failure and what to do about it, and one for each role that ends.
fn lines(round: &Round) -> Vec<String> {
    let failures = round.failures().map(|(step, failure)| {
        format!(
            "failed {} {}: {}\n  do: {}",
            step.name(),
            failure.code(),
            failure.whole(),
            failure.remedy()
        )
    });
    let ending = round.ending().map(|met| {
        format!(
            "warning tuf: clients refuse the {} metadata from {} on, and nothing newer is served",
            met.role, met.expires
        )
    });
    failures.chain(ending).collect()
}

/// What is told of a round of many: nothing, as long as the same steps fail in the same way.
pub(super) fn differs(round: &Round, before: &mut Option<Vec<(Step, String)>>) -> bool {
    let failures = round.failures();
    let now = failures.map(|(step, failure)| (step, failure.code().to_owned()));
    let now = Some(now.collect());
    let differs = *before != now;
    *before = now;
    differs
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::failure::Failure;

    async fn round(code: Option<&'static str>) -> Round {
        let mut round = Round::begin(OffsetDateTime::UNIX_EPOCH);
        let taken = async {
            match code {
                Some(code) => Err(Failure::new(code, "the authority is away", "start it")),
                None => Ok(()),
            }
        };
        round.take(Step::Certificate, taken).await;
        round
    }

    #[tokio::test]
    async fn a_failure_is_told_with_its_step_its_code_and_what_to_do() {
        let report = Report::new("acme", &round(Some("E-CTL-076")).await);
        let text = report.text();
        let first = "failed certificate E-CTL-076: the authority is away\n  do: start it\nacme: 1 steps, 1 failed; not made: tuf, ";
        assert!(text.starts_with(first), "{text}");
        let report = Report::new("acme", &round(None).await);
        assert!(report.text().starts_with("acme: 1 steps, all well"));
    }

    #[tokio::test]
    async fn the_same_failure_is_told_once() {
        let mut before = None;
        let mut told = Vec::new();
        for code in [
            None,
            None,
            Some("E-CTL-076"),
            Some("E-CTL-076"),
            Some("E-CTL-003"),
            None,
        ] {
            told.push(differs(&round(code).await, &mut before));
        }
        assert_eq!(told, [true, false, true, false, true, true]);
    }
}
