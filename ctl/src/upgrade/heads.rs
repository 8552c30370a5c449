//! The heads of the records of acts go to the anchors, so that a copy of the instance is no copy of them.

use std::path::PathBuf;

use serde_yaml::{Mapping, Value};

use super::within::{Part, add_within, part};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::services;

/// Whether a service keeps the head beside its record.
pub(super) fn are_due(instance: &Instance) -> Result<bool, Failure> {
    Ok(!without(instance)?.is_empty())
}

/// Has each service keep it with the anchors. It goes on from the head beside the record, which is kept too.
pub(super) fn move_out(instance: &Instance) -> Result<(), Failure> {
    // The anchors may have been moved a moment ago.
    let instance = Instance::open(instance.directory())?;
    for service in without(&instance)? {
        if let Some(head) = instance.manifest.audit_head(service.name()) {
            let head = head.display().to_string();
            let member = Mapping::from_iter([(HEAD.into(), Value::from(head))]);
            add_within(&config(&instance, service), &ADMIN, &member)?;
        }
    }
    Ok(())
}

fn without(instance: &Instance) -> Result<Vec<Service>, Failure> {
    let mut all = Vec::new();
    for service in services::of(&instance.manifest) {
        let path = config(instance, service);
        let admin = match path.exists() {
            true => part(&path, ADMIN.names)?,
            false => None,
        };
        if admin.is_some_and(|admin| lacks(&admin, HEAD)) {
            all.push(service);
        }
    }
    Ok(all)
}

/// Whether a part of a configuration has no such member.
pub(super) fn lacks(part: &Mapping, name: &str) -> bool {
    part.get(name).is_none_or(Value::is_null)
}

/// The configuration of a service.
pub(super) fn config(instance: &Instance, service: Service) -> PathBuf {
    instance.service(service).join("config.yaml")
}

const HEAD: &str = "audit_head";
const ADMIN: Part<'_> = Part {
    names: &["listeners", "admin"],
    after: "client_ca",
};
