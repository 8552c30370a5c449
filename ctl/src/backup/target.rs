//! What a command line names as a backup, or as the place of backups.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueParserFactory};
use serde::{Serialize, Serializer};

use crate::bucket::Address;

/// A path of this machine, or an address in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Path(PathBuf),
    Bucket(Address),
}

impl Target {
    /// The name of the file or object.
    pub(crate) fn name(&self) -> OsString {
        match self {
            Self::Path(path) => path.file_name().unwrap_or_default().to_owned(),
            Self::Bucket(address) => address.name().into(),
        }
    }

    fn parse(word: OsString) -> Result<Self, String> {
        let address = word.to_str().and_then(Address::parse);
        match address {
            Some(address) => address.map(Self::Bucket),
            None => Ok(Self::Path(word.into())),
        }
    }
}

impl ValueParserFactory for Target {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().try_map(Self::parse).into()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(formatter),
            Self::Bucket(address) => address.fmt(formatter),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Path(path) => path.serialize(serializer),
            Self::Bucket(address) => serializer.collect_str(address),
        }
    }
}
