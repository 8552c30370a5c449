//! `sigctl trust show`: what is published, and when it expires.

use clap::Args;
use serde::Serialize;
use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::{Hashes, Role, Root, Snapshot, Targets, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::repository::Repository;
use super::state_file;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;

/// Which instance.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

/// What is published, and when it expires.
#[derive(Serialize)]
pub(crate) struct Shown {
    name: String,
    roles: Vec<ShownRole>,
    targets: Vec<ShownTarget>,
    /// Targets of the trust state that clients do not have yet.
    unpublished: Vec<String>,
}

#[derive(Serialize)]
struct ShownRole {
    role: &'static str,
    version: u64,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
    /// Whole days; negative once it has expired.
    days_left: i64,
    is_expired: bool,
}

#[derive(Serialize)]
struct ShownTarget {
    name: String,
    length: u64,
    sha256: String,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let shown = look(&instance, sigstead_kit::SystemClock.now())?;
    output.print(&shown, text);
    Ok(())
}

/// Reads what is published, each part of it checked against what names it.
pub(crate) fn look(instance: &Instance, now: OffsetDateTime) -> Result<Shown, Failure> {
    let repository = Repository::of(instance)?;
    let root = repository.newest::<Root>()?;
    let targets = repository.newest::<Targets>()?;
    let mut roles = vec![role(&root, now), role(&targets, now)];
    // The service writes these two, and has not before its first start.
    if let Some(timestamp) = repository.metadata::<Timestamp>("timestamp.json")? {
        roles.push(role(&repository.newest::<Snapshot>()?, now));
        roles.push(role(&timestamp.signed, now));
    }
    Ok(Shown {
        name: instance.manifest.name.clone(),
        roles,
        unpublished: unpublished(instance, &targets)?,
        targets: targets
            .targets
            .into_iter()
            .map(|(name, meta)| ShownTarget {
                name,
                length: meta.length,
                sha256: meta.hashes.sha256,
            })
            .collect(),
    })
}

/// The versions of a trust root in one line.
pub(crate) fn roles_line(shown: &Shown) -> String {
    let roles = shown.roles.iter();
    let roles: Vec<_> = roles
        .map(|each| format!("{} v{}", each.role, each.version))
        .collect();
    format!("  trust root: {}", roles.join(", "))
}

fn role<T: Role>(metadata: &T, now: OffsetDateTime) -> ShownRole {
    let left = metadata.expires() - now;
    ShownRole {
        role: T::NAME,
        version: metadata.version(),
        expires: metadata.expires(),
        days_left: left.whole_days(),
        is_expired: !left.is_positive(),
    }
}

fn unpublished(instance: &Instance, published: &Targets) -> Result<Vec<String>, Failure> {
    let state = state_file::read(instance)?;
    let files = state.targets().map_err(|error| {
        Failure::new(
            "E-CTL-030",
            "a part of the trust state cannot be read",
            "restore trust/state.json from a copy",
        )
        .because(error)
    })?;
    let is_published = |name: &str, hashes: &Hashes| {
        let meta = published.targets.get(name);
        meta.is_some_and(|meta| meta.hashes == *hashes)
    };
    Ok(files
        .into_iter()
        .filter(|file| !is_published(&file.name, &Hashes::of(&file.bytes)))
        .map(|file| file.name)
        .collect())
}

fn text(shown: &Shown) -> String {
    let mut lines = vec![
        format!("trust root of instance {}", shown.name),
        "  role       version  expires".to_owned(),
    ];
    lines.extend(shown.roles.iter().map(|each| {
        let expires = each.expires.format(&Rfc3339).unwrap_or_default();
        let left = if each.is_expired {
            "expired".to_owned()
        } else {
            format!("{} days left", each.days_left)
        };
        format!("  {:<9}  {:<7}  {expires}  {left}", each.role, each.version)
    }));
    lines.push("  targets".to_owned());
    lines.extend(shown.targets.iter().map(|each| {
        format!(
            "    {}  sha256:{}  {} bytes",
            each.name, each.sha256, each.length
        )
    }));
    if !shown.unpublished.is_empty() {
        let names = shown.unpublished.join(", ");
        lines.push(format!(
            "  not published yet: {names}; sigctl trust publish"
        ));
    }
    lines.join("\n")
}
