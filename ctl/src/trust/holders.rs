//! `trust/holders.json`: what those are called who hold the keys of the root role, where a ceremony said so.

use std::fs;
use std::io::ErrorKind;

use sigstead_ceremony::{Holder, HolderName};
use sigstead_trust_root::tuf::{Role as _, Root, Targets, TufKeyId};

use super::repository::replace;
use crate::failure::Failure;
use crate::instance::Instance;

/// The holders of the keys of the root role. A key that no ceremony brought is the operator's, or is called by its identifier.
pub(crate) fn holders(instance: &Instance, root: &Root) -> Result<Vec<Holder>, Failure> {
    of_role(instance, root, (Root::NAME, "operator"))
}

/// Those of the targets role.
pub(super) fn of_targets(instance: &Instance, root: &Root) -> Result<Vec<Holder>, Failure> {
    of_role(instance, root, (Targets::NAME, "targets-key"))
}

fn of_role(
    instance: &Instance,
    root: &Root,
    (role, alone): (&str, &str),
) -> Result<Vec<Holder>, Failure> {
    let known = read(instance)?;
    let role = root.roles.get(role);
    let keys = role.map(|role| role.keyids.as_slice()).unwrap_or_default();
    let mut holders = Vec::new();
    for id in keys {
        let holder = known.iter().find(|holder| holder.key_id() == *id);
        match (holder, root.keys.get(id)) {
            (Some(holder), _) => holders.push(holder.clone()),
            (None, Some(key)) => holders.push(Holder {
                name: unnamed(id, keys.len(), alone)?,
                key: key.clone(),
                until: None,
            }),
            // A root names no key that it does not have; clients would not count it either.
            (None, None) => {}
        }
    }
    Ok(holders)
}

/// Remembers holders beside those of earlier roots, durably: which of them count is the root's word.
pub(crate) fn remember(instance: &Instance, holders: Vec<Holder>) -> Result<(), Failure> {
    let mut known = read(instance)?;
    known.retain(|old| !holders.iter().any(|holder| holder.key == old.key));
    known.extend(holders);
    let path = instance.path(FILE);
    let json =
        serde_json::to_vec_pretty(&known).map_err(|error| Failure::file("write", &path, error))?;
    replace(&path, &json)
}

fn read(instance: &Instance) -> Result<Vec<Holder>, Failure> {
    let path = instance.path(FILE);
    let json = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|error| Failure::file("read", &path, error))?,
    };
    serde_json::from_slice(&json).map_err(|error| Failure::file("read", &path, error))
}

fn unnamed(id: &TufKeyId, of: usize, alone: &str) -> Result<HolderName, Failure> {
    let digits: String = id.to_string().chars().take(8).collect();
    let name = match of {
        1 => alone.to_owned(),
        _ => format!("key-{digits}"),
    };
    name.parse().map_err(|error| {
        Failure::new(
            "E-CTL-034",
            "the newest root names a key that cannot be",
            "restore the repository from a copy",
        )
        .because(error)
    })
}

const FILE: &str = "trust/holders.json";
