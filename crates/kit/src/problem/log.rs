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
        Kind::Internal => tracing::error!(code, detail, "a request failed: {message}"),
        Kind::Unavailable | Kind::DeadlineExceeded => {
            tracing::warn!(code, detail, "a request was not served: {message}");
        }
        // The caller's own doing, but worth a line: so do slow networks and attacks look.
        Kind::RequestTimeout => tracing::info!(code, detail, "a request did not arrive: {message}"),
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

/// Refusals cost their callers nothing, so their lines have a limit: a log should not fill the disk because strangers want
/// it to.
struct Lines {
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Lines {
    /// A line, if there is one left in this second, and how many were not told before it.
    fn take(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now - since >= SECOND) {
            self.since = Some(now);
            self.told = 0;
        }
        if self.told == LINES {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

static REFUSALS: Mutex<Lines> = Mutex::new(Lines {
    since: None,
    told: 0,
    untold: 0,
});
const SECOND: Duration = Duration::from_secs(1);
const LINES: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_so_many_lines_in_a_second_and_the_rest_is_counted() {
        let mut lines = Lines {
            since: None,
            told: 0,
            untold: 0,
        };
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(lines.take(start), Some(0));
        }
        assert_eq!(lines.take(start), None);
        assert_eq!(lines.take(start + SECOND / 2), None);
        assert_eq!(lines.take(start + SECOND), Some(2));
        assert_eq!(lines.take(start + SECOND), Some(0));
    }
}
