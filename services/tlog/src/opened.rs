use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use config::tlog::{Config, LogConfig, check_logs};

use crate::error::Error;

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
                configured.push(kit::read_config(&path).map_err(Error::OpenedLogUnread)?);
            }
        }
        check_logs(&configured).map_err(Error::LogsContradict)?;
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
            return Err(Error::NoPlaceForLogs);
        }
        let mut joined = self.configured.clone();
        joined.push(config.clone());
        check_logs(&joined).map_err(Error::LogsContradict)
    }

    /// Keeps a log for the next start; durable before it returns.
    pub(crate) fn remember(&mut self, config: LogConfig) -> Result<(), Error> {
        let directory = self.directory.as_deref().ok_or(Error::NoPlaceForLogs)?;
        let yaml =
            config::to_yaml(&config).map_err(|error| Error::LogsContradict(error.to_string()))?;
        // Numbered, because the order of the files is the age of the logs.
        let name = format!("{:05}.yaml", files(directory)?.len() + 1);
        write_durably(directory, &name, yaml.as_bytes()).map_err(|source| Error::OpenedLogs {
            path: directory.join(name),
            source,
        })?;
        self.configured.push(config);
        Ok(())
    }
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::OpenedLogs {
        path: directory.to_path_buf(),
        source,
    };
    let listing = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
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

fn write_durably(directory: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let temporary = directory.join(format!("{name}.new"));
    let mut file = fs::File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, directory.join(name))?;
    fs::File::open(directory)?.sync_all()
}
