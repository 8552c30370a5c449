//! `sigctl kubernetes begin`: lets the logs of a service begin, once, before the service first runs.
//!
//! A log of which nothing is stored and that has no anchor takes no entries, because both volumes may be lost while the key is
//! still in its Secret. Only people know whether the log is new, so they say so by applying a job by hand, with the day on which
//! they do it: the same job, brought back on a later day by whatever keeps the cluster as it is described, begins nothing.
//!
//! 1. The day is compared with the clock.
//! 2. Every log is looked at. A log that has its anchor is left as it is, and one with data and no anchor ends the command.
//! 3. Every log that has neither gets the anchor of a log that has never been opened.
//!
//! A command that ends between two anchors is run again.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock, causes};
use sigstead_sequencer::FileAnchor;
use time::Date;
use time::macros::format_description;

use crate::configured_log::ConfiguredLog;
use crate::failure::{Exit, Failure};
use crate::instance::Service;
use crate::log::StoredLog;
use crate::output::Output;

/// Whose logs begin.
#[derive(Args)]
pub(super) struct Arguments {
    /// The service whose logs they are: tlog or ctlog.
    service: Service,

    /// Where the configuration of the service is, as config.yaml.
    #[arg(long, value_name = "DIR", default_value = "/etc/sigstead/config")]
    config: PathBuf,

    /// The day on which this is done, in UTC, as 2026-11-30: on any other day nothing begins.
    #[arg(long, value_name = "DATE")]
    on: String,
}

#[derive(Serialize)]
struct Begun {
    /// The logs that begin when the service runs.
    begun: Vec<String>,
    /// The logs that have an anchor already.
    left: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    refuse_other_day(&arguments.on, SystemClock.now().date())?;
    let (begun, left) = begin(arguments.service, &arguments.config)?;
    output.print(&Begun { begun, left }, text);
    Ok(())
}

/// Makes the anchors that are missing, and names the logs that got one and those that have theirs.
fn begin(service: Service, config: &Path) -> Result<(Vec<String>, Vec<String>), Failure> {
    let logs = ConfiguredLog::of_service(service, config)?;
    if logs.is_empty() {
        return Err(Failure::new(
            "E-CTL-012",
            format!("{} has no logs", service.name()),
            "name tlog or ctlog",
        ));
    }
    let mut new = Vec::new();
    let mut left = Vec::new();
    for log in logs {
        match log.anchored()? {
            Some(_) => left.push(log.name),
            None => new.push(empty(log.into())?),
        }
    }
    for log in &new {
        let begun = FileAnchor::new(&log.anchor).begin();
        begun.map_err(|error| Failure::file("write", &log.anchor, causes(&error)))?;
    }
    Ok((new.into_iter().map(|log| log.name).collect(), left))
}

/// The log, if nothing is stored of it.
fn empty(log: StoredLog) -> Result<StoredLog, Failure> {
    if log.head()?.is_none() && !log.has_tiles() {
        return Ok(log);
    }
    Err(Failure::new(
        "E-CTL-497",
        format!(
            "{} has data in {} and no anchor: it is not new, and its anchor was lost",
            log.name,
            log.data.display()
        ),
        "bring the volume of the anchor back; or restore the newest backup with --adopt, once it is certain that no newer copy \
         exists and none runs elsewhere",
    )
    .exit(Exit::Refused))
}

/// A day more or less is for those who are in another time zone.
fn refuse_other_day(on: &str, today: Date) -> Result<(), Failure> {
    let day = Date::parse(on, format_description!("[year]-[month]-[day]"));
    let day = day.map_err(|_| {
        Failure::new(
            "E-CTL-012",
            format!("`{on}` is no day"),
            "write it as 2026-11-30",
        )
    })?;
    let days = i64::from(day.to_julian_day()) - i64::from(today.to_julian_day());
    if days.abs() <= 1 {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-496",
        format!("the logs were to begin on {day}, and today is {today}"),
        "nothing was begun: remove this job, for a log that ran and lost its volumes must not begin again; for a log that is \
         new, render it with the day of today",
    )
    .exit(Exit::Refused))
}

fn text(begun: &Begun) -> String {
    let mut lines = Vec::new();
    lines.extend(
        begun
            .begun
            .iter()
            .map(|log| format!("{log} begins when its service runs")),
    );
    lines.extend(
        begun
            .left
            .iter()
            .map(|log| format!("{log} has an anchor already, and stays as it is")),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sigstead_journal::{FileJournal, Journal as _};
    use sigstead_merkle::TreeHead;
    use sigstead_sequencer::{Anchor as _, Anchored};
    use time::macros::date;

    use super::*;

    /// A service with a log of each face, and its configuration.
    fn service() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let log = |face: &str, rest: &str| {
            format!(
                "- {{face: {face}, origin: rekor.example, {rest}key: {{uri: \"file:{face}.key\"}}, data: data/{face}, \
                 anchor: anchors/{face}}}\n"
            )
        };
        let config = format!(
            "listeners:\n  public: {{address: 127.0.0.1:0}}\n  ops: {{address: 127.0.0.1:0}}\nlogs:\n{}{}",
            log("rekor-v1", "tree_id: 7, "),
            log("rekor-v2", "")
        );
        fs::write(folder.path().join("config.yaml"), config).unwrap();
        folder
    }

    fn anchor(folder: &tempfile::TempDir, log: &str) -> FileAnchor {
        FileAnchor::new(folder.path().join("anchors").join(log))
    }

    /// Stores a round of a log.
    fn store(folder: &tempfile::TempDir, log: &str) {
        let place = folder.path().join("data").join(log).join("journal");
        let mut journal = FileJournal::open_with(place, 4096).unwrap();
        journal.load().unwrap();
        let round = sigstead_journal::conformance::rounds(&[1]).remove(0);
        journal.commit(&TreeHead::empty(), &round).unwrap();
    }

    #[test]
    fn logs_of_which_there_is_nothing_begin_once() {
        let folder = service();
        let (begun, left) = begin(Service::Tlog, folder.path()).unwrap();
        assert_eq!(begun, ["rekor.example - 7", "rekor.example"]);
        assert!(left.is_empty());
        let mut of_v2 = anchor(&folder, "rekor-v2");
        assert!(of_v2.load().unwrap().unwrap().is_beginning());
        let opened = Anchored {
            time_millis: 1,
            ..Anchored::beginning()
        };
        of_v2.store(&opened).unwrap();
        let (begun, left) = begin(Service::Tlog, folder.path()).unwrap();
        assert!(begun.is_empty());
        assert_eq!(left.len(), 2);
        assert_eq!(anchor(&folder, "rekor-v2").load().unwrap(), Some(opened));
    }

    #[test]
    fn no_log_begins_beside_one_whose_anchor_was_lost() {
        let folder = service();
        store(&folder, "rekor-v2");
        let refused = begin(Service::Tlog, folder.path()).unwrap_err();
        assert_eq!(refused.code(), "E-CTL-497");
        assert!(!folder.path().join("anchors").exists());
        fs::remove_dir_all(folder.path().join("data")).unwrap();
        fs::create_dir_all(folder.path().join("data/rekor-v1/tiles/tile/0")).unwrap();
        let refused = begin(Service::Tlog, folder.path()).unwrap_err();
        assert_eq!(refused.code(), "E-CTL-497");
    }

    #[test]
    fn a_service_without_logs_has_nothing_to_begin() {
        let refused = begin(Service::Tsa, service().path()).unwrap_err();
        assert_eq!(refused.code(), "E-CTL-012");
    }

    #[test]
    fn the_day_is_that_of_today_wherever_its_writer_is() {
        let today = date!(2026 - 12 - 01);
        for day in ["2026-11-30", "2026-12-01", "2026-12-02"] {
            refuse_other_day(day, today).unwrap();
        }
        for (day, code) in [
            ("2026-11-29", "E-CTL-496"),
            ("2026-12-03", "E-CTL-496"),
            ("2025-12-01", "E-CTL-496"),
            ("today", "E-CTL-012"),
            ("", "E-CTL-012"),
        ] {
            let refused = refuse_other_day(day, today).unwrap_err();
            assert_eq!(refused.code(), code, "{day}");
        }
    }
}
