//! A context: a file that says how an instance is administered from elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::instance::Service;
use crate::private;

/// The content of `context.yaml`. Its paths are relative to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// The format of this file.
    pub(crate) version: u32,
    /// What the instance is called.
    pub(crate) instance: String,
    /// The authority of the admin interfaces.
    pub(crate) ca: PathBuf,
    /// The person's certificate.
    pub(crate) certificate: PathBuf,
    /// The key of the certificate.
    pub(crate) key: PathBuf,
    /// The URL of each admin interface.
    pub(crate) services: BTreeMap<Service, String>,
}

impl Context {
    /// The only format so far.
    pub(crate) const VERSION: u32 = 1;

    /// Reads a context, with paths that are good from here.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = private::read(path, LARGEST);
        let bytes = bytes.map_err(|error| Failure::file("read", path, error))?;
        let text = String::from_utf8(bytes).map_err(|error| unfit(path, &error))?;
        let name = path.display().to_string();
        let context: Self =
            sigstead_kit::parse_config(&name, &text).map_err(|error| unfit(path, &error))?;
        if context.version != Self::VERSION {
            let format = format!(
                "its format is {}, and this sigctl reads {}",
                context.version,
                Self::VERSION
            );
            return Err(unfit(path, &format));
        }
        let folder = sigstead_durable::parent(path);
        Ok(Self {
            ca: folder.join(context.ca),
            certificate: folder.join(context.certificate),
            key: folder.join(context.key),
            ..context
        })
    }
}

fn unfit(path: &Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-374",
        format!("{} is no context that can be used", path.display()),
        "take the context.yaml of the folder that `sigctl admin invite` made, with the files beside it",
    )
    .because(cause)
}

const LARGEST: u64 = 64 << 10;
