//! By which trusted root a verification is decided.

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_trust_root::TrustedRoot;
use time::OffsetDateTime;

use super::inputs::Input;
use crate::copies::unusable;
use crate::failure::Failure;
use crate::input;
use crate::instance::{Instance, Service};
use crate::trust_batch::Import;

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

    /// A copy of what clients trust, as `sigctl import` makes it; it decides as a trusted root does.
    #[arg(
        long,
        value_name = "FOLDER",
        conflicts_with = "instance",
        help_heading = "Trust"
    )]
    trust_copy: Vec<PathBuf>,
}

/// What is trusted.
pub(super) struct Trusted {
    pub(super) roots: Vec<TrustedRoot>,
    /// The issuer of the instance, if one is named.
    pub(super) issuer: Option<String>,
    /// Where the roots came from.
    pub(super) inputs: Vec<Input>,
    /// Until when the copies know what was published, if there are any: the least of them.
    pub(super) knows_until: Option<OffsetDateTime>,
}

impl Trust {
    pub(super) fn read(&self) -> Result<Trusted, Failure> {
        let mut trusted = Trusted::nothing();
        if let Some(directory) = &self.instance {
            let instance = Instance::open(directory)?;
            trusted.add(&instance.path("client/trusted_root.json"))?;
            trusted.issuer = Some(instance.manifest.url(Service::Oidc));
        }
        for path in &self.trusted_root {
            trusted.add(path)?;
        }
        for copy in &self.trust_copy {
            trusted.add_copy(copy)?;
        }
        match trusted.inputs.is_empty() {
            false => Ok(trusted),
            true => Err(Failure::new(
                "E-CTL-012",
                "no trust to verify by",
                "name --instance for the trusted root of an instance, --trusted-root for a file, or --trust-copy for a copy",
            )),
        }
    }
}

impl Trusted {
    const fn nothing() -> Self {
        Self {
            roots: Vec::new(),
            issuer: None,
            inputs: Vec::new(),
            knows_until: None,
        }
    }

    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        self.roots.extend(read(path)?);
        self.inputs.push(Input::file("the trusted root", path));
        Ok(())
    }

    fn add_copy(&mut self, copy: &Path) -> Result<(), Failure> {
        let import = Import::read(copy)?;
        let import = import.ok_or_else(|| unusable(copy, "nothing was imported into it"))?;
        let until = import.knows_until();
        self.roots
            .extend(read(&copy.join("kit/trusted_root.json"))?);
        let input = Input::file("the copy of what is trusted", copy);
        self.inputs.push(input.known(import.imported, until));
        self.knows_until = Some(self.knows_until.map_or(until, |least| least.min(until)));
        Ok(())
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
