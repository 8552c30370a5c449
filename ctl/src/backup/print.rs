//! How backups are told to people.

use std::path::Path;

use sigstead_archive::LogFace;

use super::prove::{AnchorState, ProvenLog};
use crate::elapsed::period;

/// A log, and how it would do on this machine.
pub(crate) fn log_line(log: &ProvenLog) -> String {
    let lacks = log.lacks.unwrap_or_default();
    let anchor = match log.anchor {
        None | Some(AnchorState::Reached) => String::new(),
        Some(AnchorState::Missing) => ", no anchor on this machine".to_owned(),
        Some(AnchorState::Ahead) if lacks > 0 => {
            format!(", the anchor on this machine knows {lacks} more")
        }
        Some(AnchorState::Ahead) => ", the anchor on this machine knows a newer head".to_owned(),
        Some(AnchorState::Contradicts) => {
            ", the anchor on this machine knows another log".to_owned()
        }
        Some(AnchorState::Unreadable) => ", the anchor on this machine cannot be read".to_owned(),
    };
    format!("  {}  {} entries{anchor}", log.origin, log.size)
}

/// What is to be done before the logs take entries on this machine, a line for each.
pub(crate) fn steps(directory: &Path, logs: &[ProvenLog]) -> Vec<String> {
    let shown = directory.display();
    let step = |log: &ProvenLog| match log.anchor? {
        AnchorState::Missing => Some(format!(
            "if no newer copy of it exists and none runs elsewhere: sigctl log adopt {shown} --log \"{}\" --yes",
            log.origin
        )),
        AnchorState::Reached => Some(format!(
            "see that no other copy of {} runs: two would sign different logs",
            log.origin
        )),
        AnchorState::Ahead | AnchorState::Contradicts | AnchorState::Unreadable
            if log.face == LogFace::Ct =>
        {
            Some(format!(
                "{} stays read-only here, and no certificate is issued that it would log. Restore a newer backup; if there is \
                 none, let another log take its place once the instance runs: sigctl rotate ct start {shown}",
                log.origin
            ))
        }
        AnchorState::Ahead | AnchorState::Contradicts | AnchorState::Unreadable => Some(format!(
            "{} stays read-only here. Restore a newer backup; if there is none, let it be and open a successor once the \
             instance runs: sigctl log open {shown}",
            log.origin
        )),
    };
    logs.iter().filter_map(step).collect()
}

/// Milliseconds since a moment.
pub(crate) fn millis(since: tokio::time::Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A span as exact as anybody wants it.
pub(crate) fn span(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
        _ => period(millis / 1000),
    }
}

/// A number of bytes in the unit that suits it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = (bytes.max(1).ilog2() / 10).min(4);
    let (whole, rest) = (
        bytes >> (10 * unit),
        bytes.checked_shr(10 * unit.saturating_sub(1)),
    );
    let name = UNITS.get(unit as usize).copied().unwrap_or_default();
    match unit {
        0 => format!("{bytes} {name}"),
        _ => format!(
            "{whole}.{} {name}",
            rest.unwrap_or_default() % 1024 * 10 / 1024
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_are_shown_in_the_unit_that_suits_them() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (5 << 20, "5.0 MiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
        for (millis, shown) in [(0, "0.0s"), (1_250, "1.2s"), (61_000, "1m1s")] {
            assert_eq!(span(millis), shown);
        }
    }

    #[test]
    fn a_log_that_may_not_sign_is_told_with_its_safe_ways() {
        let log = |size, anchor, face| ProvenLog {
            origin: "log.example".to_owned(),
            face,
            size,
            root_hash: String::new(),
            sequenced_unix: 0,
            sequenced_millis: 0,
            anchor: Some(anchor),
            lacks: None,
        };
        let steps_of =
            |face, size, anchor| steps(Path::new("/srv/x"), &[log(size, anchor, face)]).concat();
        let steps = |size, anchor| steps_of(LogFace::RekorV2, size, anchor);
        assert!(steps(3, AnchorState::Missing).contains("log adopt /srv/x --log \"log.example\""));
        assert!(steps(0, AnchorState::Missing).contains("log adopt /srv/x"));
        assert!(steps(3, AnchorState::Reached).contains("no other copy of log.example runs"));
        for refused in [
            AnchorState::Ahead,
            AnchorState::Contradicts,
            AnchorState::Unreadable,
        ] {
            let said = steps(3, refused);
            assert!(
                said.contains("read-only") && said.contains("sigctl log open"),
                "{said}"
            );
            assert!(!said.contains("adopt"), "{said}");
            // The command opens logs of Rekor only.
            let said = steps_of(LogFace::Ct, 3, refused);
            assert!(
                said.contains("read-only") && !said.contains("sigctl log open"),
                "{said}"
            );
        }
    }
}
