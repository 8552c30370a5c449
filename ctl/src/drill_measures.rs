//! What monitoring learns of drills: a file for the textfile collector of Prometheus' node exporter.

use std::path::Path;

use prometheus::{IntGaugeVec, Opts, Registry, TextEncoder};
use time::OffsetDateTime;

use crate::backup::{Target, replace_measures};
use crate::failure::Failure;
use crate::private;

/// How a drill ended.
pub(crate) struct Outcome<'a> {
    /// The backup.
    pub(crate) file: &'a Target,
    /// Of a drill that found that a restore would work, the instance and when it ended.
    pub(crate) proven: Option<(&'a str, OffsetDateTime)>,
}

/// Replaces the file. What the last good drill left in it stays after one that failed.
pub(crate) fn write(path: &Path, outcome: &Outcome<'_>) -> Result<(), Failure> {
    let proven = match outcome.proven {
        Some((instance, at)) => Some((instance.to_owned(), at.unix_timestamp())),
        None => before(path),
    };
    let text = text(outcome, proven);
    let text = text.map_err(|error| Failure::file("write", path, error))?;
    replace_measures(path, &text)
}

fn text(outcome: &Outcome<'_>, proven: Option<(String, i64)>) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let gauge = |name, help, label: &str, of: &str, value| {
        let gauge = IntGaugeVec::new(Opts::new(name, help), &[label])?;
        gauge.with_label_values(&[of]).set(value);
        registry.register(Box::new(gauge))
    };
    gauge(
        "sigstead_drill_failed",
        "Whether the last drill found that the backup could not be restored.",
        "backup",
        &outcome.file.to_string(),
        i64::from(outcome.proven.is_none()),
    )?;
    if let Some((instance, at)) = proven {
        gauge(
            PROVEN,
            "When the last drill ended that found that a restore would work, in seconds since the epoch.",
            "name",
            &instance,
            at,
        )?;
    }
    TextEncoder::new().encode_to_string(&registry.gather())
}

/// What the file says of the last good drill, if there was one. A file that says it in another way is not of ours.
fn before(path: &Path) -> Option<(String, i64)> {
    let bytes = private::read(path, LARGEST).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let sample = text.lines().find_map(|line| line.strip_prefix(PROVEN))?;
    let (instance, at) = sample.strip_prefix("{name=\"")?.split_once("\"} ")?;
    Some((instance.to_owned(), at.parse().ok()?))
}

const PROVEN: &str = "sigstead_drill_proven_timestamp_seconds";
const LARGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_that_fails_leaves_when_the_last_good_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("drill.prom");
        let file = Target::Path("/mnt/a.tar.age".into());
        let written = |proven| {
            let file = &file;
            write(&path, &Outcome { file, proven }).unwrap();
            std::fs::read_to_string(&path).unwrap()
        };
        let failed = "sigstead_drill_failed{backup=\"/mnt/a.tar.age\"} 1\n";
        let good = "sigstead_drill_proven_timestamp_seconds{name=\"acme\"} 1700000000\n";
        let first = written(None);
        assert!(first.contains(failed) && !first.contains(PROVEN), "{first}");
        let at = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let second = written(Some(("acme", at)));
        assert!(second.contains(good), "{second}");
        assert!(second.contains("a.tar.age\"} 0\n"), "{second}");
        let third = written(None);
        assert!(third.contains(good) && third.contains(failed), "{third}");
        std::fs::write(
            &path,
            "sigstead_drill_proven_timestamp_seconds{other=\"a\"} 1\n",
        )
        .unwrap();
        assert!(!written(None).contains(PROVEN));
    }
}
