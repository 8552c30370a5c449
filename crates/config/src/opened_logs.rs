//! Logs that are opened while their service runs: a description each, in a directory beside the configuration.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstead_kit::ConfigError;

/// A log as a configuration describes it.
pub trait DescribedLog: Clone + Serialize + DeserializeOwned {
    /// Whether both have the name of one log.
    fn has_name_of(&self, other: &Self) -> bool;

    /// Whether these logs can run in one process.
    ///
    /// # Errors
    /// A sentence that names the first two that cannot.
    fn check_all(logs: &[Self]) -> Result<(), String>;
}

/// The descriptions of all logs of a service: those of the configuration, and those that were opened while the service ran,
/// which are in a directory of their own.
#[derive(Debug)]
pub struct OpenedLogs<L> {
    directory: Option<PathBuf>,
    all: Vec<L>,
}

/// Why logs cannot be read from the directory or kept in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenedLogsError {
    /// The configuration names no directory for them.
    #[error("the configuration names no directory opened_logs")]
    NoDirectory,
    /// Logs do not fit together.
    #[error("{0}")]
    Contradiction(String),
    /// What an administrator sent is no description of a log.
    #[error("the description of the log cannot be read: {0}")]
    Malformed(Box<ConfigError>),
    /// What an administrator sent is nested without end.
    #[error(
        "the description of the log is nested more deeply than any log needs; write it as an entry of `logs`"
    )]
    Nested,
    /// A description cannot be read back.
    #[error("the description of an opened log cannot be read")]
    Unread(#[source] Box<ConfigError>),
    /// The directory cannot be used.
    #[error("cannot use {}", path.display())]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file is where the description of a new log belongs, or would be read after it.
    #[error("{} stands in the way of the descriptions that are numbered by age; move it or give it a lower number", .0.display())]
    InTheWay(PathBuf),
}

impl<L: DescribedLog> OpenedLogs<L> {
    /// Reads what was opened beside the logs of the configuration.
    ///
    /// # Errors
    /// A description cannot be read, or two logs do not fit together.
    pub fn read(configured: Vec<L>, directory: Option<&Path>) -> Result<Self, OpenedLogsError> {
        let mut all = configured;
        for path in directory.map(descriptions).transpose()?.unwrap_or_default() {
            let read = sigstead_kit::read_config(&path);
            all.push(read.map_err(|error| OpenedLogsError::Unread(Box::new(error)))?);
        }
        L::check_all(&all).map_err(OpenedLogsError::Contradiction)?;
        Ok(Self {
            directory: directory.map(Path::to_owned),
            all,
        })
    }

    /// All logs, the oldest first.
    #[must_use]
    pub fn all(&self) -> &[L] {
        &self.all
    }

    /// Whether there is a log of that name.
    #[must_use]
    pub fn knows(&self, log: &L) -> bool {
        self.all.iter().any(|known| known.has_name_of(log))
    }

    /// Whether a log can join.
    ///
    /// # Errors
    /// There is no directory for it, or it does not fit one of the others.
    pub fn check(&self, log: &L) -> Result<(), OpenedLogsError> {
        self.directory()?;
        let mut joined = self.all.clone();
        joined.push(log.clone());
        L::check_all(&joined).map_err(OpenedLogsError::Contradiction)
    }

    /// Writes a log down under a name that no start reads, so that nothing but a rename is left for later. Durable before
    /// it returns. What an earlier try left there is replaced.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn write_down(&self, log: &L) -> Result<Description<L>, OpenedLogsError> {
        let directory = self.directory()?;
        let yaml = crate::to_yaml(log)
            .map_err(|error| OpenedLogsError::Contradiction(error.to_string()))?;
        let place = directory.join(next_name(&descriptions(directory)?)?);
        let temporary = place.with_extension("yaml.new");
        write_durably(directory, &temporary, yaml.as_bytes()).map_err(unusable(&temporary))?;
        Ok(Description {
            log: log.clone(),
            temporary,
            place,
        })
    }

    /// Keeps a log for the next start; durable before it returns.
    ///
    /// # Errors
    /// The directory cannot be used, or another file is in the place of the description.
    pub fn remember(&mut self, description: Description<L>) -> Result<(), OpenedLogsError> {
        let directory = self.directory()?;
        let Description {
            log,
            temporary,
            place,
        } = description;
        // A rename would replace it without a word.
        if fs::symlink_metadata(&place).is_ok() {
            return Err(OpenedLogsError::InTheWay(place));
        }
        sigstead_durable::rename(&temporary, &place).map_err(unusable(&place))?;
        if let Err(error) = sigstead_durable::sync_directory(directory) {
            // A second try writes it down again, and no start takes a log that is described twice.
            let _ = sigstead_durable::rename(&place, &temporary);
            return Err(unusable(&place)(error));
        }
        self.all.push(log);
        Ok(())
    }

    fn directory(&self) -> Result<&Path, OpenedLogsError> {
        self.directory
            .as_deref()
            .ok_or(OpenedLogsError::NoDirectory)
    }
}

/// A log that is written down and not kept yet.
#[derive(Debug)]
pub struct Description<L> {
    log: L,
    temporary: PathBuf,
    place: PathBuf,
}

/// Reads a description that an administrator sent.
///
/// # Errors
/// It is none, or nested more deeply than any log needs.
pub fn parse<L: DescribedLog>(yaml: &str) -> Result<L, OpenedLogsError> {
    if nests_too_deeply(yaml) {
        return Err(OpenedLogsError::Nested);
    }
    let parsed = sigstead_kit::parse_config("config_yaml", yaml);
    parsed.map_err(|error| OpenedLogsError::Malformed(Box::new(error)))
}

/// The descriptions in a directory, in the order in which the logs were opened; none if it is not there yet.
///
/// # Errors
/// It cannot be read.
pub fn descriptions(directory: &Path) -> Result<Vec<PathBuf>, OpenedLogsError> {
    let listing = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(unusable(directory))?,
    };
    let mut paths = Vec::new();
    for file in listing {
        let path = file.map_err(unusable(directory))?.path();
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

/// Numbered, because the order of the files is the age of the logs.
fn next_name(files: &[PathBuf]) -> Result<String, OpenedLogsError> {
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u32>().ok();
    let highest = files.iter().filter_map(number).max().unwrap_or(0);
    let name = format!("{:05}.yaml", u64::from(highest) + 1);
    let is_older = |path: &PathBuf| path.file_name() < Some(OsStr::new(&name));
    match files.iter().find(|path| !is_older(path)) {
        Some(path) => Err(OpenedLogsError::InTheWay(path.clone())),
        None => Ok(name),
    }
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> OpenedLogsError {
    let path = path.to_path_buf();
    move |source| OpenedLogsError::Unusable { path, source }
}

fn write_durably(directory: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    sigstead_durable::create_directory(directory)?;
    sigstead_durable::write(path, bytes)?;
    sigstead_durable::sync_directory(directory)
}

/// Whether a description nests more than any log needs. The parser of YAML takes time that grows with the square of the
/// depth.
fn nests_too_deeply(yaml: &str) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in yaml.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    // In block style a level costs an indicator on the line, or one more column of indentation on a line of its own.
    let levels = |line: &str| {
        let rest = line.trim_start_matches([' ', '-', '?', ':', '\t']);
        line.len() - rest.len()
    };
    let block = yaml.lines().map(levels).max().unwrap_or_default();
    deepest > LEVELS || block > COLUMNS
}

const LEVELS: usize = 16;

const COLUMNS: usize = 128;

#[cfg(test)]
mod tests;
