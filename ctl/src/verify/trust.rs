//! By which trusted root a verification is decided.

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_trust_root::TrustedRoot;

use crate::failure::Failure;
use crate::input;
use crate::instance::{Instance, Service};

/// Whose services are trusted.
#[derive(Args)]
pub(super) struct Trust {
    /// The instance whose trusted root decides.
    #[arg(long, conflicts_with = "trusted_root", help_heading = "Trust")]
    instance: Option<PathBuf>,

    /// A file with the trusted root that decides, or with several, one in each line; no instance is needed. Of several
    /// roots the one decides that has the authority which issued the certificate.
    #[arg(long, help_heading = "Trust")]
    trusted_root: Vec<PathBuf>,
}

/// What is trusted.
pub(super) struct Trusted {
    pub(super) roots: Vec<TrustedRoot>,
    /// The issuer of the instance, if one is named.
    pub(super) issuer: Option<String>,
}

impl Trust {
    pub(super) fn read(&self) -> Result<Trusted, Failure> {
        if let Some(directory) = &self.instance {
            let instance = Instance::open(directory)?;
            return Ok(Trusted {
                roots: read(&instance.path("client/trusted_root.json"))?,
                issuer: Some(instance.manifest.url(Service::Oidc)),
            });
        }
        if self.trusted_root.is_empty() {
            return Err(Failure::new(
                "E-CTL-012",
                "no trust to verify by",
                "name --instance for the trusted root of an instance, or --trusted-root for a file",
            ));
        }
        let mut roots = Vec::new();
        for path in &self.trusted_root {
            roots.extend(read(path)?);
        }
        Ok(Trusted {
            roots,
            issuer: None,
        })
    }
}

/// The trusted roots of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<TrustedRoot>, Failure> {
    TrustedRoot::parse_all(&input::read_file(path)?).map_err(|error| {
        Failure::named(
            "E-VERIFY-004",
            format!("{} is no trusted root", path.display()),
            "Fetch the trusted root again from the instance's TUF repository",
        )
        .because(sigstead_kit::causes(&error))
    })
}
