//! Where a backup is or shall be, and with what it is reached.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Handle;

use super::target::Target;
use crate::bucket::{Address, Bucket, Failed, Options, Reader};
use crate::failure::Failure;
use crate::interrupt::Stop;

/// Which backup.
#[derive(Args)]
pub(crate) struct Named {
    /// The backup: a file, or `s3://BUCKET/NAME`.
    #[arg(value_name = "BACKUP")]
    file: Target,
}

impl Named {
    /// The backup, which is not looked at yet.
    pub(crate) fn place(self, options: &Options) -> Result<Place, Failure> {
        Place::of(self.file, options)
    }
}

/// A file or a folder of this machine, or an object or the beginning of several in a bucket.
#[derive(Clone)]
pub(crate) enum Place {
    Local(PathBuf),
    Remote {
        bucket: Arc<Bucket>,
        address: Address,
    },
}

impl Place {
    pub(super) fn of(target: Target, options: &Options) -> Result<Self, Failure> {
        Ok(match target {
            Target::Path(path) => Self::Local(path),
            Target::Bucket(address) => Self::Remote {
                bucket: Arc::new(options.open(&address)?),
                address,
            },
        })
    }

    /// As the caller named it.
    pub(crate) fn target(&self) -> Target {
        match self {
            Self::Local(path) => Target::Path(path.clone()),
            Self::Remote { address, .. } => Target::Bucket(address.clone()),
        }
    }

    /// What is called so in this place.
    pub(super) fn below(&self, name: &str) -> Self {
        match self {
            Self::Local(path) => Self::Local(path.join(name)),
            Self::Remote { bucket, address } => Self::Remote {
                bucket: Arc::clone(bucket),
                address: address.below(name),
            },
        }
    }

    /// The place that this one is in.
    pub(super) fn above(&self) -> Self {
        match self {
            Self::Local(path) => Self::Local(sigstead_durable::parent(path).to_owned()),
            Self::Remote { bucket, address } => Self::Remote {
                bucket: Arc::clone(bucket),
                address: address.above(),
            },
        }
    }

    /// The same, as messages name it.
    pub(super) fn shown(&self) -> PathBuf {
        self.target().to_string().into()
    }

    /// Where it is laid out unless the caller says where: beside it, or where temporary files are.
    pub(super) fn beside(&self) -> PathBuf {
        match self {
            Self::Local(path) => path.clone(),
            Self::Remote { address, .. } => std::env::temp_dir().join(address.name()),
        }
    }

    /// How long it is.
    pub(crate) async fn length(&self) -> Result<u64, Failure> {
        match self {
            Self::Local(path) => length(path),
            Self::Remote { bucket, address } => bucket.length(&address.key).await,
        }
    }

    /// Opens it, on a thread that may block and that a runtime of `runtime` waits for.
    pub(super) fn open(
        &self,
        runtime: &Handle,
        stop: &Stop,
    ) -> Result<(Box<dyn Read>, Failed), Failure> {
        match self {
            Self::Local(path) => {
                let opened =
                    File::open(path).map_err(|error| Failure::file("read", path, error))?;
                Ok((Box::new(opened), Failed::default()))
            }
            Self::Remote { bucket, address } => {
                let bucket = Arc::clone(bucket);
                let (reader, failed) = Reader::open(bucket, &address.key, runtime.clone(), stop)?;
                Ok((Box::new(reader), failed))
            }
        }
    }
}

/// How long a file is.
pub(super) fn length(path: &Path) -> Result<u64, Failure> {
    let found = fs::metadata(path).map_err(|error| Failure::file("look at", path, error))?;
    Ok(found.len())
}
