use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The one format so far.
pub const FORMAT: u32 = 1;

/// What an archive says of itself before its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The format of the archive: [`FORMAT`], or that of another release.
    pub format: u32,
    /// The release that made it.
    pub made_by: String,
    /// The instance's name.
    pub instance: String,
    /// What tells the instance from all others, if it has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of which pod's volume it is, where it is not of a whole instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// When the backup began. What was acknowledged before is in it.
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
}

/// The volume of one pod of an instance that runs in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The service whose pod it is.
    pub service: String,
    /// Which of the service's pods, counted from zero.
    pub replica: u16,
}

/// What is in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// As it is at the beginning.
    pub opening: Opening,
    /// When the last file had been read.
    #[serde(with = "time::serde::rfc3339")]
    pub ended: OffsetDateTime,
    /// The logs, in the order in which they are configured.
    pub logs: Vec<LogRecord>,
    /// What the instance uses and has outside of its folder, which is not in the archive.
    pub outside: Vec<String>,
    /// Every file, in the order of the archive.
    pub files: Vec<FileRecord>,
}

/// A log as it is in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// The interface that it offers.
    pub face: LogFace,
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its folder, relative to the instance.
    pub data: String,
    /// Its public key: SubjectPublicKeyInfo in PEM.
    pub public_key: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of its tree, in hexadecimal.
    pub root_hash: String,
    /// When its newest round was sequenced, in milliseconds since the epoch.
    pub time_millis: u64,
    /// The signed note over that head.
    pub checkpoint: String,
}

/// The interface of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFace {
    /// Rekor v1.
    RekorV1,
    /// Rekor v2.
    RekorV2,
    /// C2SP static-ct-api.
    Ct,
}

/// A file as it is in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Relative to the instance.
    pub path: String,
    /// In bytes.
    pub length: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}
