//! The TUF repository: its signed files, and the keys that its newest root gives each role.

use sigstead_trust_root::tuf::{Role, Root, Signed, Snapshot, Targets, Timestamp, TufKeyId};
use time::OffsetDateTime;

use super::item::{Item, Kind, Renewal, State};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::trust::{self, Repository};

/// The four signed files, then the keys of the roles.
pub(super) fn items(
    instance: &Instance,
    repository: &Repository,
    now: OffsetDateTime,
) -> Result<Vec<Item>, Failure> {
    let root: Signed<Root> = repository.newest_signed()?;
    let targets: Signed<Targets> = repository.newest_signed()?;
    let mut items = vec![
        file(&root.signed, now, of_root(&root.signed, PUBLISH)),
        file(&targets.signed, now, of_targets(&root.signed, PUBLISH)),
    ];
    // The service writes these two, and has not before its first start.
    if let Some(timestamp) = repository.metadata::<Timestamp>("timestamp.json")? {
        let snapshot: Signed<Snapshot> = repository.newest_signed()?;
        items.push(file(&snapshot.signed, now, Renewal::Itself));
        items.push(file(&timestamp.signed, now, Renewal::Itself));
    }
    items.extend(root_keys(instance, &root.signed)?);
    items.extend(keys(&root.signed));
    Ok(items)
}

/// How the root or a key of it is renewed: `how`, unless several people sign the next one.
fn of_root(root: &Root, how: &str) -> Renewal {
    match trust::is_held_by_people(root) {
        true => Renewal::person("sigctl ceremony new"),
        false => Renewal::person(how),
    }
}

/// The same of the targets.
fn of_targets(root: &Root, how: &str) -> Renewal {
    match trust::are_targets_held_by_people(root) {
        true => Renewal::person("sigctl ceremony new"),
        false => Renewal::person(how),
    }
}

fn file<T: Role>(metadata: &T, now: OffsetDateTime, renewal: Renewal) -> Item {
    Item {
        subject: format!("TUF {} v{}", T::NAME, metadata.version()),
        kind: Kind::Metadata,
        state: State::at(now, None, Some(metadata.expires())),
        place: None,
        algorithm: None,
        key: None,
        first_use: None,
        ends: Some(metadata.expires()),
        successor: None,
        renewal,
    }
}

/// The keys of the root role, each with who holds it and until when, if that is known.
fn root_keys(instance: &Instance, root: &Root) -> Result<Vec<Item>, Failure> {
    let renewal = of_root(root, "sigctl rotate tuf-root plan");
    let holders = trust::holders(instance, root)?;
    let items = holders.iter().filter_map(|holder| {
        let public = holder.key.public_key()?;
        let mut subject = format!("TUF root key {}", holder.short_key_id());
        if trust::is_held_by_people(root) {
            subject = format!("{subject} of {}", holder.name);
        }
        let mut item = Item::of_key(subject, &public, renewal.clone());
        item.ends = holder.until;
        Some(item)
    });
    Ok(items.collect())
}

fn keys(root: &Root) -> Vec<Item> {
    let of_role = |role: &'static str, how: &'static str| {
        let keys = root.roles.get(role).map(|keys| keys.keyids.as_slice());
        let keys = keys.unwrap_or_default().iter();
        keys.filter_map(move |id| key(root, role, id, how))
    };
    let mut keys = Vec::new();
    for (role, how) in ROTATED {
        // Where people hold them, these are the keys of the root role.
        if role == Targets::NAME && trust::are_targets_held_by_people(root) {
            continue;
        }
        keys.extend(of_role(role, how));
    }
    keys
}

fn key(root: &Root, role: &str, id: &TufKeyId, how: &str) -> Option<Item> {
    let public = root.keys.get(id)?.public_key()?;
    let id = id.to_string();
    let subject = format!("TUF {role} key {}", id.get(..8).unwrap_or(&id));
    Some(Item::of_key(subject, &public, Renewal::person(how)))
}

const PUBLISH: &str = "sigctl trust publish";

/// The roles below the root, and how their keys are replaced.
const ROTATED: [(&str, &str); 3] = [
    ("targets", "sigctl rotate tuf-targets plan"),
    ("snapshot", "sigctl rotate tuf-online plan"),
    ("timestamp", "sigctl rotate tuf-online plan"),
];
