//! `trust/state.json`, and who may change what is derived from it.

use std::fs::{self, File, OpenOptions, TryLockError};

use serde::Serialize;
use serde_json::{Map, Value};
use sigstead_trust_root::{ClientTrustConfig, TrustState};

use super::repository::replace;
use crate::failure::Failure;
use crate::format;
use crate::instance::Instance;

/// The right to change the trust state and to publish it; one process has it at a time, until this value goes.
pub(crate) struct Turn {
    _lock: File,
}

impl Turn {
    /// Takes it, or refuses while another process has it.
    pub(crate) fn take(instance: &Instance) -> Result<Self, Failure> {
        let path = instance.path("trust/lock");
        let failed = |error| Failure::file("lock", &path, error);
        let mut options = OpenOptions::new();
        let lock = options.create(true).append(true).open(&path);
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => Err(Failure::new(
                "E-CTL-033",
                "another sigctl changes the trust root of this instance",
                "wait until it has ended, then run the command again",
            )),
        }
    }
}

/// The trust state of an instance.
pub(crate) fn read(instance: &Instance) -> Result<TrustState, Failure> {
    let path = instance.path("trust/state.json");
    let json = fs::read(&path).map_err(|error| Failure::file("read", &path, error))?;
    format::refuse_newer(&path, &json)?;
    parse(&json).map_err(|error| {
        Failure::new(
            "E-CTL-030",
            format!("{} is no trust state", path.display()),
            "restore it from a copy; the file is written by sigctl and not edited by hand",
        )
        .because(error)
    })
}

/// The state without the number of its format, which is the file's and not the state's.
fn parse(json: &[u8]) -> serde_json::Result<TrustState> {
    let mut members: Map<String, Value> = serde_json::from_slice(json)?;
    members.remove("format");
    serde_json::from_value(Value::Object(members))
}

/// Whether the file has the number of its format; one that is not there needs none.
pub(crate) fn is_numbered(instance: &Instance) -> Result<bool, Failure> {
    let path = instance.path("trust/state.json");
    if !path.exists() {
        return Ok(true);
    }
    let json = fs::read(&path).map_err(|error| Failure::file("read", &path, error))?;
    Ok(format::number(&json).is_some())
}

/// Writes the number of its format into the file of an earlier release.
pub(crate) fn write_number(instance: &Instance) -> Result<(), Failure> {
    write(instance, &read(instance)?)
}

/// The issuers that the trust state of an instance offers to browsers, the one first to which clients send people. Where the
/// trust state is kept elsewhere, there are none.
pub(crate) fn offered_issuers(instance: &Instance) -> Result<Vec<String>, Failure> {
    if !instance.path("trust/state.json").exists() {
        return Ok(Vec::new());
    }
    let offered = read(instance)?;
    let offered = offered.issuers.offered().into_iter();
    Ok(offered.map(|issuer| issuer.url.clone()).collect())
}

/// Whether clients send people to an issuer, or will after the next publication. The client kit is the last thing that a
/// publication writes, so an issuer that only the kit has is left over from one that was not finished.
pub(crate) fn sends_people_to(instance: &Instance, url: &str) -> Result<bool, Failure> {
    if offered_issuers(instance)?
        .iter()
        .any(|offered| offered == url)
    {
        return Ok(true);
    }
    let path = instance.path("client/client_trust_config.json");
    if !path.exists() {
        return Ok(false);
    }
    let unreadable = |error: &dyn std::fmt::Display| Failure::file("read", &path, error);
    let json = fs::read(&path).map_err(|error| unreadable(&error))?;
    let kit: ClientTrustConfig =
        serde_json::from_slice(&json).map_err(|error| unreadable(&error))?;
    let mut urls = kit.signing_config.oidc_urls.iter();
    Ok(urls.any(|service| service.url == url))
}

/// Replaces the trust state, durably.
pub(super) fn write(instance: &Instance, state: &TrustState) -> Result<(), Failure> {
    let path = instance.path("trust/state.json");
    let written = Written {
        format: format::FIRST,
        state,
    };
    let json = serde_json::to_vec_pretty(&written);
    let json = json.map_err(|error| Failure::file("write", &path, error))?;
    replace(&path, &json)
}

/// What is in the file.
#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    #[serde(flatten)]
    state: &'a TrustState,
}
