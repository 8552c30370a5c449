//! The gate before a root: clients of the roots so far follow it, and find by it what they find now.

use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Role, Root, Signed, Targets};
use time::{Duration, OffsetDateTime};

use super::asked::{refused_by_client, whose};
use super::clients::{Kit, installed};
use super::refusal::refused;
use super::root_report::RootGate;
use super::served::{File, Served};
use crate::failure::Failure;
use crate::http;
use crate::instance::Instance;
use crate::trust::next_root::{NextRoot, Online};
use crate::trust::repository::Repository;

/// Refuses a root that clients would not follow, or by which they would find nothing.
///
/// 1. It follows the newest root, counts now, and lets the targets be that are there then.
/// 2. It lets the snapshot and the timestamp be that are there then. Where nobody can have those of now, because they have ended
///    or the service has not come as far, nothing can be said.
/// 3. Each official client that is installed walks to it from the first root, through a copy of the repository that is served
///    on a port of the loopback interface. The copy has what is published and the draft, and the keys of its service are for
///    once: whatever they would have to sign, no client takes.
pub(in crate::trust) async fn check(
    instance: &Instance,
    repository: &Repository,
    next: &NextRoot,
) -> Result<RootGate, Failure> {
    let Looked {
        mut found,
        targets,
        online,
    } = look(repository, next)?;
    if let Some(online) = online {
        let files = files(repository, next, &targets, &online)?;
        ask(instance, next, files, &mut found).await?;
    }
    Ok(found)
}

/// The same without the clients: who publishes an end in an emergency waits for none of them.
pub(in crate::trust) fn check_unasked(
    repository: &Repository,
    next: &NextRoot,
) -> Result<RootGate, Failure> {
    let mut found = look(repository, next)?.found;
    let why = "a client's way, since an end is published";
    found.untried.push(why.to_owned());
    Ok(found)
}

/// What was seen without a client, and what a client would be shown.
struct Looked {
    found: RootGate,
    targets: Signed<Targets>,
    /// Nothing, if nobody can have it now.
    online: Option<Online>,
}

fn look(repository: &Repository, next: &NextRoot) -> Result<Looked, Failure> {
    let now = SystemClock.now();
    let newest = repository.newest_signed::<Root>()?;
    let targets = match &next.targets {
        Some(targets) => targets.clone(),
        None => repository.newest_signed::<Targets>()?,
    };
    check_offline(&newest.signed, next, &targets, now)?;
    let mut found = RootGate {
        version: next.root.signed.version,
        ..RootGate::default()
    };
    let published = || online(repository, targets.signed.version, now);
    let online = next
        .online
        .clone()
        .map_or_else(published, |it| Ok(Ok(it)))?;
    let online = match online {
        Err(why) => {
            found.untried.push(format!("a client's way, since {why}"));
            None
        }
        Ok(online) => {
            check_online(&next.root.signed, &online)?;
            Some(online)
        }
    };
    Ok(Looked {
        found,
        targets,
        online,
    })
}

/// Asks each client that is installed.
async fn ask(
    instance: &Instance,
    next: &NextRoot,
    files: Vec<File>,
    found: &mut RootGate,
) -> Result<(), Failure> {
    let (here, missing) = installed();
    found.untried.extend(missing);
    if here.is_empty() {
        return Ok(());
    }
    let client = http::client(instance)?;
    let served = Served::start_signed(instance, &client, files).await?;
    served.walk_to(&client, &next.root.signed).await?;
    let kit = Kit::of(instance, &served.path("client"), &whose(instance));
    for (client, program) in here {
        let followed = client
            .follow(&program, &kit, served.url(), &served.root())
            .await;
        followed.map_err(|why| refused_by_client(&why))?;
        found.clients.push(client.name());
    }
    Ok(())
}

/// All that a client asks for on its way from the first root.
fn files(
    repository: &Repository,
    next: &NextRoot,
    targets: &Signed<Targets>,
    online: &Online,
) -> Result<Vec<File>, Failure> {
    let mut files = vec![
        file(&next.root),
        file(targets),
        file(&online.snapshot),
        file(&online.timestamp),
    ];
    for version in repository.versions(Root::NAME)? {
        files.push(file(&repository.version::<Root>(version)?));
    }
    for (name, meta) in &targets.signed.targets {
        let bytes = repository.target(&targets.signed, name)?;
        files.push((format!("targets/{}.{name}", meta.hashes.sha256), bytes));
    }
    Ok(files)
}

fn file<T: Role>(metadata: &Signed<T>) -> File {
    (metadata.signed.file_name(), metadata.encode())
}

/// What needs nobody else.
fn check_offline(
    newest: &Root,
    next: &NextRoot,
    targets: &Signed<Targets>,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let root = &next.root;
    let follows = root.verify_successor(newest);
    follows.map_err(|error| refused(&error.to_string()))?;
    if root.signed.expires <= now {
        return Err(refused(&format!("it expired at {}", root.signed.expires)));
    }
    let verified = targets.verify(&root.signed);
    verified.map_err(|error| refused(&by_it("targets", &error)))
}

fn check_online(root: &Root, online: &Online) -> Result<(), Failure> {
    let verified = online.snapshot.verify(root);
    verified.map_err(|error| refused(&by_it("snapshot", &error)))?;
    let verified = online.timestamp.verify(root);
    verified.map_err(|error| refused(&by_it("timestamp", &error)))
}

/// The snapshot and the timestamp that clients have now, or why they say nothing of a root.
fn online(
    repository: &Repository,
    targets: u64,
    now: OffsetDateTime,
) -> Result<Result<Online, String>, Failure> {
    let Some(online) = repository.online()? else {
        return Ok(Err("the tuf service has published nothing yet".to_owned()));
    };
    Ok(match online.ends() <= now + WALK {
        true => Err("what the tuf service signed last has ended, or is about to".to_owned()),
        false if online.snapshot.signed.targets_version() != Some(targets) => Err(format!(
            "the tuf service has not published targets {targets}"
        )),
        false => Ok(online),
    })
}

fn by_it(role: &str, error: &sigstead_trust_root::Error) -> String {
    format!("by it, the {role} metadata that clients find would not count: {error}")
}

/// More than the clients need for the walk.
const WALK: Duration = Duration::seconds(10);

#[cfg(test)]
mod tests;
