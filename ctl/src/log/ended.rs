use sigstead_key::HashAlgorithm;
use sigstead_proto::admin::v1::{LogFace, LogInfo};
use time::{Duration, OffsetDateTime};

use crate::failure::Failure;
use crate::init::now;
use crate::trust::Change;

/// How clients know a log: those of Rekor v1 by its key alone.
pub(crate) fn log_id(log: &LogInfo) -> Vec<u8> {
    match log.face() {
        LogFace::RekorV1 => HashAlgorithm::Sha256.digest(&log.public_key),
        _ => log.log_id.clone(),
    }
}

/// Gives the logs that have their last checkpoint an end in the trust state, if they are in it and have none.
pub(crate) fn end_frozen(change: &mut Change<'_>, logs: &[LogInfo]) -> Result<(), Failure> {
    for log in logs.iter().filter(|log| log.frozen) {
        let last = log.published.map(|time| time.seconds);
        change.end_log(&log_id(log), end(last))?;
    }
    Ok(())
}

/// The end of a log whose last checkpoint has that time.
fn end(last_unix: Option<i64>) -> OffsetDateTime {
    let last = last_unix.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    last.unwrap_or_else(now) + STAMPING
}

/// A client may have its signature stamped after the log answered, and verifiers compare that time with the end.
const STAMPING: Duration = Duration::minutes(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_ends_a_moment_after_its_last_checkpoint() {
        assert_eq!(end(Some(1_800_000_000)).unix_timestamp(), 1_800_000_060);
    }
}
