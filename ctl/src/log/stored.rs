use std::io;
use std::path::PathBuf;

use sigstead_journal::{FileJournal, Journal as _};
use sigstead_sequencer::Anchored;

use super::name::choose;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;

/// A log as its service finds it when it starts.
pub(crate) struct StoredLog {
    pub(crate) name: String,
    pub(crate) anchor: PathBuf,
    pub(crate) data: PathBuf,
}

impl From<ConfiguredLog> for StoredLog {
    fn from(log: ConfiguredLog) -> Self {
        Self {
            name: log.name,
            anchor: log.anchor,
            data: log.data,
        }
    }
}

/// Refuses an instance of which a log is in use by its service.
pub(crate) fn refuse_used(instance: &Instance) -> Result<(), Failure> {
    for log in ConfiguredLog::all(instance)? {
        StoredLog::from(log).head()?;
    }
    Ok(())
}

impl StoredLog {
    /// The log that an argument means, of those that the configurations of an instance describe.
    pub(super) fn find(instance: &Instance, asked: Option<&str>) -> Result<Self, Failure> {
        let logs = ConfiguredLog::all(instance)?;
        let names: Vec<_> = logs.iter().map(|log| log.name.clone()).collect();
        let name = choose(&names, asked)?;
        let found = logs.into_iter().find(|log| log.name == name);
        found.map(Self::from).ok_or_else(|| {
            Failure::new(
                "E-CTL-012",
                format!("there is no log {name}"),
                "`sigctl log info` lists them",
            )
        })
    }

    /// The newest head that is stored; `None` if nothing is. The service must not run.
    pub(crate) fn head(&self) -> Result<Option<Anchored>, Failure> {
        let place = self.data.join("journal");
        // To open a journal makes it.
        match std::fs::read_dir(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(|error| Failure::file("read", &place, error))?,
        };
        let failed = |error: sigstead_journal::Error| match error {
            sigstead_journal::Error::Fenced => Failure::new(
                "E-CTL-051",
                format!("{} is in use by its service", self.name),
                "stop the instance with `sigctl down`, and repeat the command",
            ),
            other => Failure::file("read", &place, sigstead_kit::causes(&other)),
        };
        let mut journal = FileJournal::open(&place).map_err(failed)?;
        let rounds = journal.load().map_err(failed)?;
        Ok(rounds.last().map(|round| Anchored {
            head: round.head,
            time_millis: round.time_millis,
        }))
    }

    /// Whether tiles are there, which tell of entries although the journal may have none.
    pub(crate) fn has_tiles(&self) -> bool {
        self.data.join("tiles/tile").exists()
    }
}
