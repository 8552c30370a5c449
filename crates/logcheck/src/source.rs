use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, StatusCode, Url};

use crate::Error;

/// A log that takes longer than this for one file counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the files of a log are read.
#[async_trait]
pub trait Source: Send + Sync {
    /// The bytes of a file by its path below the log, or `None` when there is none.
    ///
    /// # Errors
    /// Whether there is such a file cannot be known.
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;

    /// The paths of all files below `tile/`, or `None` where they cannot be listed.
    ///
    /// # Errors
    /// The files could be listed but were not.
    async fn list(&self) -> Result<Option<Vec<String>>, Error>;
}

/// A log served over HTTP.
#[derive(Debug)]
pub struct Remote {
    client: Client,
    base: String,
}

impl Remote {
    /// A log by the address to which `checkpoint` and `tile/…` are appended.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(base: &str) -> Result<Self, Error> {
        let address = |_| Error::Address(base.to_owned());
        Url::parse(base).map_err(address)?;
        let client = Client::builder().timeout(PATIENCE).build();
        Ok(Self {
            client: client.map_err(|_| Error::Address(base.to_owned()))?,
            base: base.trim_end_matches('/').to_owned(),
        })
    }
}

#[async_trait]
impl Source for Remote {
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let failed = |problem: reqwest::Error| unreadable(path, &problem.without_url());
        let request = self.client.get(format!("{}/{path}", self.base));
        let response = request.send().await.map_err(failed)?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = response.error_for_status().map_err(failed)?;
        let bytes = response.bytes().await.map_err(failed)?;
        Ok(Some(bytes.to_vec()))
    }

    async fn list(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(None)
    }
}

/// A log as files.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// A log by the directory that holds `checkpoint` and `tile/`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn walk(&self) -> std::io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.join("tile")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else {
                    found.push(self.relative(&entry.path()));
                }
            }
        }
        Ok(found)
    }

    fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.to_string_lossy().into_owned()
    }
}

#[async_trait]
impl Source for Directory {
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match tokio::fs::read(self.root.join(path)).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(problem) if is_absence(problem.kind()) => self.exists_itself(path).await,
            Err(problem) => Err(unreadable(path, &problem)),
        }
    }

    async fn list(&self) -> Result<Option<Vec<String>>, Error> {
        match self.walk() {
            Ok(found) => Ok(Some(found)),
            Err(problem) if is_absence(problem.kind()) => Ok(Some(Vec::new())),
            Err(problem) => Err(unreadable("tile", &problem)),
        }
    }
}

impl Directory {
    /// A directory that is not there is not a log without files.
    async fn exists_itself(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let metadata = tokio::fs::metadata(&self.root).await;
        metadata
            .map(|_| None)
            .map_err(|problem| unreadable(path, &problem))
    }
}

/// What the file system says where a file or a folder on the way to it is absent.
fn is_absence(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

fn unreadable(path: &str, problem: &dyn std::error::Error) -> Error {
    let mut reason = problem.to_string();
    let mut cause = problem.source();
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    Error::Unreadable {
        path: path.to_owned(),
        reason,
    }
}

/// A log in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Its files by their paths.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Whether it lists them, as a directory does, or not, as a server.
    pub listed: bool,
}

#[async_trait]
impl Source for Memory {
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.files.get(path).cloned())
    }

    async fn list(&self) -> Result<Option<Vec<String>>, Error> {
        let tiles = self.files.keys().filter(|path| path.starts_with("tile/"));
        Ok(self.listed.then(|| tiles.cloned().collect()))
    }
}
