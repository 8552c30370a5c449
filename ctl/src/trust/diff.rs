//! `sigctl trust diff`: what clients trust with one publication and not with another, in sentences.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use sigstead_trust_root::tuf::{Role as _, Targets};
use sigstead_trust_root::{ClientTrustConfig, SigningConfig, TrustedRoot};

use super::repository::Repository;
use super::state_file;
use super::versions::Documents;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::{Output, one_line};

/// What is compared.
#[derive(Args)]
#[command(after_help = "\
A version is the number of the targets that distribute it. Without any, the newest version is compared with what the next \
publication will distribute; with one, that version with the newest.

Examples:
  sigctl trust diff DIR
  sigctl trust diff DIR 2 3
  sigctl trust diff trusted_root.json other.json")]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The earlier and the later: each a version of the instance, or a file with a trusted root or a client trust config.
    versions: Vec<String>,
}

#[derive(Serialize)]
struct Compared {
    earlier: String,
    later: String,
    changes: Vec<String>,
}

pub(super) fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let words = arguments
        .instance
        .words(std::mem::take(&mut arguments.versions));
    let [earlier, later] = Named::pair(&words)?;
    let changes = later
        .read(&arguments.instance)?
        .changes(Some(&earlier.read(&arguments.instance)?));
    let compared = Compared {
        earlier: earlier.name(),
        later: later.name(),
        changes,
    };
    output.print(&compared, Compared::text);
    Ok(())
}

impl Compared {
    fn text(&self) -> String {
        if self.changes.is_empty() {
            return one_line(&format!("{} says the same as {}", self.later, self.earlier));
        }
        let mut lines = vec![one_line(&format!(
            "from {} to {}",
            self.earlier, self.later
        ))];
        lines.extend(
            self.changes
                .iter()
                .map(|change| format!("  {}", one_line(change))),
        );
        lines.join("\n")
    }
}

/// What is compared, as it was named.
enum Named<'a> {
    Version(u64),
    Newest,
    State,
    File(&'a Path),
}

impl<'a> Named<'a> {
    fn pair(words: &'a [String]) -> Result<[Self; 2], Failure> {
        match words {
            [] => Ok([Self::Newest, Self::State]),
            [word] => Ok([Self::of(word), Self::Newest]),
            [earlier, later] => Ok([Self::of(earlier), Self::of(later)]),
            _ => Err(Failure::new(
                "E-CTL-012",
                "two are compared, and more are named",
                "name two versions or files, as in `sigctl trust diff DIR 2 3`",
            )),
        }
    }

    fn of(word: &'a str) -> Self {
        match word.parse() {
            Ok(version) => Self::Version(version),
            Err(_) => Self::File(Path::new(word)),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Version(version) => format!("targets {version}"),
            Self::Newest => "the newest targets".to_owned(),
            Self::State => "the next publication".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    fn read(&self, place: &Where) -> Result<Documents, Failure> {
        match self {
            Self::Version(version) => published(&place.open()?, Some(*version)),
            Self::Newest => published(&place.open()?, None),
            Self::State => next(&place.open()?),
            Self::File(path) => of_file(path),
        }
    }
}

fn published(instance: &Instance, version: Option<u64>) -> Result<Documents, Failure> {
    let repository = Repository::of(instance)?;
    let versions = repository.versions(Targets::NAME)?;
    let newest = versions.last().copied().unwrap_or_default();
    let version = version.unwrap_or(newest);
    if !versions.contains(&version) {
        return Err(Failure::new(
            "E-CTL-431",
            format!("there is no version {version} of the targets; the newest is {newest}"),
            "`sigctl trust history` lists them",
        ));
    }
    Documents::of(&repository, &repository.version(version)?.signed)
}

fn next(instance: &Instance) -> Result<Documents, Failure> {
    Documents::of_state(&state_file::read(instance)?).map_err(|error| {
        Failure::new(
            "E-CTL-030",
            "a part of the trust state cannot be read",
            "restore trust/state.json from a copy",
        )
        .because(sigstead_kit::causes(&error))
    })
}

fn of_file(path: &Path) -> Result<Documents, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    if let Ok(config) = serde_json::from_slice::<ClientTrustConfig>(&bytes) {
        return Ok(Documents {
            trusted_root: config.trusted_root,
            signing_config: Some(config.signing_config),
        });
    }
    if let Ok(config) = SigningConfig::parse(&bytes) {
        return Ok(Documents {
            trusted_root: TrustedRoot::default(),
            signing_config: Some(config),
        });
    }
    let trusted_root = TrustedRoot::parse(&bytes).map_err(|error| {
        Failure::new(
            "E-CTL-431",
            format!("{} is nothing that could be compared", path.display()),
            "name a file with a trusted root, a signing config or a client trust config",
        )
        .because(sigstead_kit::causes(&error))
    })?;
    Ok(Documents {
        trusted_root,
        signing_config: None,
    })
}
