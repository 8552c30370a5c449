use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sigstead_config::tlog::{Config, LogConfig, check_logs};

use crate::error::{AdminError, Error};

/// The descriptions of all logs: those of the configuration, and those that were opened while the service ran, which
/// stand in a directory of their own.
pub(crate) struct OpenedLogs {
    directory: Option<PathBuf>,
    configured: Vec<LogConfig>,
}

impl OpenedLogs {
    pub(crate) fn read(config: &Config) -> Result<Self, Error> {
        let mut configured = config.logs.clone();
        if let Some(directory) = &config.opened_logs {
            for path in files(directory)? {
                configured
                    .push(sigstead_kit::read_config(&path).map_err(AdminError::OpenedLogUnread)?);
            }
        }
        check_logs(&configured).map_err(AdminError::LogsContradict)?;
        Ok(Self {
            directory: config.opened_logs.clone(),
            configured,
        })
    }

    pub(crate) fn all(&self) -> &[LogConfig] {
        &self.configured
    }

    pub(crate) fn knows(&self, config: &LogConfig) -> bool {
        self.configured
            .iter()
            .any(|known| (&known.origin, known.tree_id) == (&config.origin, config.tree_id))
    }

    /// Whether a log can join.
    pub(crate) fn check(&self, config: &LogConfig) -> Result<(), Error> {
        if self.directory.is_none() {
            return Err(AdminError::NoPlaceForLogs.into());
        }
        let mut joined = self.configured.clone();
        joined.push(config.clone());
        check_logs(&joined).map_err(|error| AdminError::LogsContradict(error).into())
    }

    /// Writes a log down under a name that no start reads, so that nothing but a rename is left for later. Durable before
    /// it returns. What an earlier try left there is replaced.
    pub(crate) fn write_down(&self, config: &LogConfig) -> Result<Description, Error> {
        let directory = self
            .directory
            .as_deref()
            .ok_or(AdminError::NoPlaceForLogs)?;
        let yaml = sigstead_config::to_yaml(config)
            .map_err(|error| AdminError::LogsContradict(error.to_string()))?;
        let place = directory.join(next_name(&files(directory)?)?);
        let temporary = place.with_extension("yaml.new");
        write_durably(directory, &temporary, yaml.as_bytes()).map_err(unusable(&temporary))?;
        Ok(Description {
            config: config.clone(),
            temporary,
            place,
        })
    }

    /// Keeps a log for the next start; durable before it returns.
    pub(crate) fn remember(&mut self, description: Description) -> Result<(), Error> {
        let directory = self
            .directory
            .as_deref()
            .ok_or(AdminError::NoPlaceForLogs)?;
        let Description {
            config,
            temporary,
            place,
        } = description;
        // A rename would replace it without a word.
        if fs::symlink_metadata(&place).is_ok() {
            return Err(AdminError::DescriptionInTheWay(place).into());
        }
        sigstead_durable::rename(&temporary, &place).map_err(unusable(&place))?;
        if let Err(error) = sigstead_durable::sync_directory(directory) {
            // A second try writes it down again, and no start takes a log that is described twice.
            let _ = sigstead_durable::rename(&place, &temporary);
            return Err(unusable(&place)(error));
        }
        self.configured.push(config);
        Ok(())
    }
}

/// A log that is written down and not kept yet.
pub(crate) struct Description {
    config: LogConfig,
    temporary: PathBuf,
    place: PathBuf,
}

/// Numbered, because the order of the files is the age of the logs.
fn next_name(files: &[PathBuf]) -> Result<String, Error> {
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u32>().ok();
    let highest = files.iter().filter_map(number).max().unwrap_or(0);
    let name = format!("{:05}.yaml", u64::from(highest) + 1);
    let is_older = |path: &PathBuf| path.file_name() < Some(OsStr::new(&name));
    match files.iter().find(|path| !is_older(path)) {
        Some(path) => Err(AdminError::DescriptionInTheWay(path.clone()).into()),
        None => Ok(name),
    }
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| {
        Error::from(AdminError::OpenedLogs {
            path: directory.to_path_buf(),
            source,
        })
    };
    let listing = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for file in listing {
        let path = file.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::from(AdminError::OpenedLogs { path, source })
}

fn write_durably(directory: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    sigstead_durable::create_directory(directory)?;
    sigstead_durable::write(path, bytes)?;
    sigstead_durable::sync_directory(directory)
}

#[cfg(test)]
mod tests;
