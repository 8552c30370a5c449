use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Kind, Problem};

/// Logs a problem, at a level that fits who has to do something about it.
///
/// Messages and details of refusals may hold what a caller sent, a name or an address of a person among it, so they are
/// logged only by a service that is told to log everything.
pub(super) fn log(problem: &Problem) {
    let Problem { kind, code, .. } = problem;
    let message = problem.message.as_str();
    let detail = problem.detail().unwrap_or_default();
    match kind {
        Kind::Internal | Kind::Unavailable | Kind::DeadlineExceeded | Kind::RequestTimeout => {
            tell_failed(problem, Instant::now());
        }
        Kind::InvalidArgument
        | Kind::Unauthenticated
        | Kind::PermissionDenied
        | Kind::FailedPrecondition
        | Kind::PayloadTooLarge
        | Kind::UnsupportedMediaType
        | Kind::Unprocessable => {
            tell_refused(code);
            tracing::debug!(code, detail, "a request was refused: {message}");
        }
        // What readers meet all day, and what the overloaded should not write about.
        Kind::NotFound
        | Kind::AlreadyExists
        | Kind::ResourceExhausted
        | Kind::MethodNotAllowed
        | Kind::Unimplemented
        | Kind::Cancelled => tracing::debug!(code, detail, "a request was refused: {message}"),
    }
}

/// Each code has lines of its own, so that one that is told all the time does not hide another.
fn tell_failed(problem: &Problem, now: Instant) {
    let Problem { kind, code, .. } = problem;
    let message = problem.message.as_str();
    let detail = problem.detail().unwrap_or_default();
    let mut lines = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines_of_code = lines.entry(code).or_insert(Lines::new(LINES_OF_CODE));
    let Some(untold) = lines_of_code.take(now) else {
        return;
    };
    drop(lines);
    let untold = (untold > 0).then_some(untold);
    match kind {
        Kind::Internal => tracing::error!(code, detail, untold, "a request failed: {message}"),
        // The caller's own doing, but worth a line: so do slow networks and attacks look.
        Kind::RequestTimeout => {
            tracing::info!(code, detail, untold, "a request did not arrive: {message}");
        }
        _ => tracing::warn!(code, detail, untold, "a request was not served: {message}"),
    }
}

fn tell_refused(code: &str) {
    let mut lines = REFUSALS.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(untold) = lines.take(Instant::now()) else {
        return;
    };
    drop(lines);
    match untold {
        0 => tracing::info!(code, "a request was refused"),
        untold => tracing::info!(code, untold, "a request was refused, as were others untold"),
    }
}

/// Problems cost their callers nothing, so their lines have a limit: a log should not fill the disk because strangers want
/// it to.
struct Lines {
    most: u32,
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Lines {
    const fn new(most: u32) -> Self {
        Self {
            most,
            since: None,
            told: 0,
            untold: 0,
        }
    }

    /// A line, if there is one left in this second, and how many were not told before it.
    fn take(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now - since >= SECOND) {
            self.since = Some(now);
            self.told = 0;
        }
        if self.told == self.most {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

static REFUSALS: Mutex<Lines> = Mutex::new(Lines::new(LINES));
/// By code, of which there are as many as the program has.
static FAILURES: Mutex<BTreeMap<&'static str, Lines>> = Mutex::new(BTreeMap::new());
const SECOND: Duration = Duration::from_secs(1);
const LINES: u32 = 20;
const LINES_OF_CODE: u32 = 5;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn refusals_have_so_many_lines_in_a_second_and_the_rest_is_counted() {
        let mut lines = Lines::new(LINES);
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(lines.take(start), Some(0));
        }
        assert_eq!(lines.take(start), None);
        assert_eq!(lines.take(start + SECOND / 2), None);
        assert_eq!(lines.take(start + SECOND), Some(2));
        assert_eq!(lines.take(start + SECOND), Some(0));
    }

    #[test]
    fn a_failure_that_is_repeated_has_few_lines_and_hides_no_other() {
        let repeated = Problem::new(Kind::Unavailable, "E-T-101", "the disk is full");
        let other = Problem::internal("E-T-102", "the other");
        let start = Instant::now();
        let lines = lines(|| {
            for _ in 0..LINES_OF_CODE + 3 {
                tell_failed(&repeated, start);
            }
            tell_failed(&other, start);
            tell_failed(&repeated, start + SECOND);
        });
        let count = lines.len();
        assert_eq!(count, LINES_OF_CODE as usize + 2, "{lines:#?}");
        assert!(lines[count - 2].contains("E-T-102"), "{lines:#?}");
        assert!(lines[count - 1].contains("untold=3"), "{lines:#?}");
        assert!(
            lines[..count - 1]
                .iter()
                .all(|line| !line.contains("untold"))
        );
    }

    fn lines(log: impl FnOnce()) -> Vec<String> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Mutex::new(writer));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let mut written = String::new();
        reader.read_to_string(&mut written).unwrap();
        written.lines().map(str::to_owned).collect()
    }
}
