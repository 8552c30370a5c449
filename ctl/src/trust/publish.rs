//! `sigctl trust publish`: signs root and targets again and publishes what the trust state says.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_kit::Period;
use sigstead_trust_root::tuf::{Role as _, Root, Signed, Targets};
use sigstead_trust_root::{Publication, Term, TrustState};
use time::{Duration, OffsetDateTime};

use super::client_kit;
use super::repository::{Repository, SignedPublication};
use super::signer::TufSigner;
use super::state_file::{self, Turn};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::Output;

/// What is published.
#[derive(Args)]
pub(super) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// How long clients accept what is signed now.
    #[arg(long, value_name = "PERIOD", default_value = "365d", value_parser = parse_term)]
    valid_for: Duration,
}

/// The versions that clients find now.
#[derive(Debug, Serialize)]
pub(crate) struct Versions {
    /// Of the root.
    pub(crate) root: u64,
    /// Of the targets.
    pub(crate) targets: u64,
    /// When the first of both expires.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires: OffsetDateTime,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let versions = publish(&instance, arguments.valid_for).await?;
    output.print(&versions, |versions| {
        format!(
            "published root {} and targets {}, valid until {}; the tuf service takes them up within seconds",
            versions.root,
            versions.targets,
            versions.expires.date()
        )
    });
    Ok(())
}

/// Publishes the trust state, whether it changed or only time has passed.
///
/// 1. The draft is compared with what clients have: nothing may be taken back.
/// 2. Root and targets are signed, one version on, and checked as clients check them.
/// 3. The repository is laid out; its last file is the publication.
/// 4. The client kit is written again.
///
/// A crash before the end of 3 leaves clients the old publication, a crash in 4 an old kit beside the new one; running the
/// command again finishes either.
pub(crate) async fn publish(instance: &Instance, length: Duration) -> Result<Versions, Failure> {
    let _turn = Turn::take(instance)?;
    let state = state_file::read(instance)?;
    let repository = Repository::of(instance)?;
    let published = repository.published(&state)?;
    let draft = Publication::next(&state, &published, term(length)).map_err(|error| {
        Failure::new(
            "E-CTL-032",
            "the trust state cannot be published",
            "compare trust/state.json with a copy of it; trust is only added to",
        )
        .because(error)
    })?;
    let keys = Keys {
        root: TufSigner::open(instance, ROOT_KEY).await?,
        targets: TufSigner::open(instance, TARGETS_KEY).await?,
    };
    let signed = sign(&keys, draft, Some(&published.root)).await?;
    repository.lay_out(&signed)?;
    client_kit::write_all(instance, &state, &repository.newest_root_file()?)?;
    let root = signed.root.map_or(published.root, |root| root.signed);
    let targets = signed.targets.map_or(published.targets, |it| it.signed);
    Ok(Versions {
        root: root.version,
        targets: targets.version,
        expires: root.expires.min(targets.expires),
    })
}

/// The keys of the roles that the operator signs.
pub(crate) struct Keys {
    /// Signs roots.
    pub(crate) root: TufSigner,
    /// Signs targets.
    pub(crate) targets: TufSigner,
}

/// Writes the state of a new instance, its first publication and its client kit. `root` names the keys of all roles.
pub(crate) async fn first(
    instance: &Instance,
    state: &TrustState,
    root: Root,
    keys: &Keys,
) -> Result<(), Failure> {
    state_file::write(instance, state)?;
    let draft = Publication::first(state, root, term(YEAR)).map_err(|error| {
        Failure::new(
            "E-CTL-011",
            "the trust root cannot be made",
            "the cause says which part of it does not fit",
        )
        .because(error)
    })?;
    let signed = sign(keys, draft, None).await?;
    // The configuration of the `tuf` service is not written yet, and names this directory.
    let repository = Repository::at(instance.path("tuf/repository"));
    repository.lay_out(&signed)?;
    client_kit::write_all(instance, state, &repository.newest_root_file()?)
}

/// Signs the roles of a draft, and checks them as a client does that trusts the root `before`.
async fn sign(
    keys: &Keys,
    draft: Publication,
    before: Option<&Root>,
) -> Result<SignedPublication, Failure> {
    let root = match draft.root {
        Some(root) => Some(signed_root(keys, root, before).await?),
        None => None,
    };
    let current = root.as_ref().map(|root| &root.signed).or(before);
    let targets = match draft.targets {
        Some(targets) => Some(signed_targets(keys, targets, current).await?),
        None => None,
    };
    Ok(SignedPublication {
        files: draft.files,
        root,
        targets,
    })
}

async fn signed_root(
    keys: &Keys,
    root: Root,
    before: Option<&Root>,
) -> Result<Signed<Root>, Failure> {
    let root = keys.root.sign(root).await?;
    let verified = match before {
        Some(before) => root.verify_successor(before),
        None => root.verify(&root.signed),
    };
    verified.map_err(|error| not_allowed(Root::NAME, ROOT_KEY, &error))?;
    Ok(root)
}

async fn signed_targets(
    keys: &Keys,
    targets: Targets,
    root: Option<&Root>,
) -> Result<Signed<Targets>, Failure> {
    let targets = keys.targets.sign(targets).await?;
    let verified = root.map_or(Ok(()), |root| targets.verify(root));
    verified.map_err(|error| not_allowed(Targets::NAME, TARGETS_KEY, &error))?;
    Ok(targets)
}

fn not_allowed(role: &str, key: &str, error: &sigstead_trust_root::Error) -> Failure {
    Failure::new(
        "E-CTL-031",
        format!("the published root does not let {key} alone sign {role} metadata"),
        "bring the key that the root names; nothing was published",
    )
    .because(error)
}

fn term(length: Duration) -> Term {
    use sigstead_kit::Clock as _;
    Term {
        signed_at: sigstead_kit::SystemClock.now(),
        length,
    }
}

fn parse_term(text: &str) -> Result<Duration, String> {
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    if period < Period::from_seconds(1) {
        return Err("write at least one second".to_owned());
    }
    Ok(period.time())
}

/// The key of the root role.
pub(crate) const ROOT_KEY: &str = "trust/tuf-root.key";

/// The key of the targets role.
pub(crate) const TARGETS_KEY: &str = "trust/tuf-targets.key";

pub(crate) const YEAR: Duration = Duration::days(365);
