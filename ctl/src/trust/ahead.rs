//! `trust/ahead/`: versions of the targets that people signed before they are published.
//!
//! `N.targets.json` is one, `N.trusted_root.json` the trusted root that it names. A version is published when the trust state
//! says what it says; one that is passed over is never published, because versions do not go back.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use sigstead_ceremony::TargetsDraft;
use sigstead_trust_root::tuf::{Root, Signed, Targets};
use sigstead_trust_root::{Base64Bytes, TrustedRoot};
use time::OffsetDateTime;

use super::authority_kind::AuthorityKind;
use super::repository::replace;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// The versions that can be published yet, the lowest first.
pub(crate) struct Ahead(Vec<Version>);

struct Version {
    targets: Signed<Targets>,
    trusted_root: TrustedRoot,
}

impl Ahead {
    /// Those behind `published` that verify by `root`: another ceremony may have replaced who signs.
    pub(super) fn read(
        instance: &Instance,
        root: &Root,
        published: &Targets,
    ) -> Result<Self, Failure> {
        let mut versions = Vec::new();
        for number in numbers(instance)? {
            if number <= published.version {
                continue;
            }
            let version = Version::read(instance, number)?;
            if version.targets.verify(root).is_ok() {
                versions.push(version);
            }
        }
        Ok(Self(versions))
    }

    /// The version that distributes the same as `wanted`, which is not signed.
    pub(super) fn that_says(&self, wanted: &Targets) -> Result<Signed<Targets>, Failure> {
        let mut versions = self.0.iter().map(|version| &version.targets);
        let found = versions.find(|targets| targets.signed.targets == wanted.targets);
        found.cloned().ok_or_else(|| {
            Failure::new(
                "E-CEREMONY-026",
                "several people sign what clients trust, and have signed nothing that says what the trust state says now",
                "have it signed: sigctl ceremony new; once that is finished, run this command again, or `resume` the rotation",
            )
            .exit(Exit::Waiting)
        })
    }

    /// The end of a chain in the first version that has one.
    pub(super) fn end_of(
        &self,
        of: AuthorityKind,
        chain: &[Base64Bytes],
    ) -> Option<OffsetDateTime> {
        self.0.iter().find_map(|version| {
            let mut trusted_root = version.trusted_root.clone();
            let mut authorities = of.trusted(&mut trusted_root).iter();
            let found = authorities.find(|authority| {
                let certificates = authority.cert_chain.certificates.iter();
                certificates.map(|each| &each.raw_bytes).eq(chain)
            });
            found?.valid_for.end
        })
    }
}

impl Version {
    fn read(instance: &Instance, number: u64) -> Result<Self, Failure> {
        let read = |name: &str| {
            let path = folder(instance).join(format!("{number}.{name}"));
            let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, error))?;
            Ok::<_, Failure>((path, bytes))
        };
        let (path, bytes) = read(TARGETS)?;
        let targets = Signed::parse(&bytes).map_err(|error| Failure::file("read", &path, error))?;
        let (path, bytes) = read(TRUSTED_ROOT)?;
        let trusted_root =
            TrustedRoot::parse(&bytes).map_err(|error| Failure::file("read", &path, error))?;
        Ok(Self {
            targets,
            trusted_root,
        })
    }
}

/// Keeps what a ceremony had signed, durably.
pub(crate) fn keep(
    instance: &Instance,
    drafted: &TargetsDraft,
    signed: &[Signed<Targets>],
) -> Result<(), Failure> {
    for targets in signed {
        let number = targets.signed.version;
        let place = |name: &str| folder(instance).join(format!("{number}.{name}"));
        let trusted_root = drafted.file(&targets.signed, TRUSTED_ROOT);
        replace(&place(TRUSTED_ROOT), trusted_root.unwrap_or_default())?;
        // The one by which it is found comes last.
        replace(&place(TARGETS), &targets.encode())?;
    }
    Ok(())
}

/// The highest version that a finished ceremony signed: no other may have its number.
pub(super) fn highest(instance: &Instance, published: &Targets) -> Result<u64, Failure> {
    let signed = numbers(instance)?.into_iter().max();
    Ok(signed.unwrap_or_default().max(published.version))
}

fn numbers(instance: &Instance) -> Result<Vec<u64>, Failure> {
    let folder = folder(instance);
    let failed = |error| Failure::file("read", &folder, error);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut numbers: Vec<u64> = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(TARGETS));
        let number = number.and_then(|number| number.strip_suffix('.')?.parse::<u64>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn folder(instance: &Instance) -> PathBuf {
    instance.path("trust/ahead")
}

const TARGETS: &str = "targets.json";
const TRUSTED_ROOT: &str = "trusted_root.json";
