use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use sigstead_config::Origin;
use sigstead_config::tlog::LogConfig;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_proto::admin::v1::{self as wire, LogInfo, OpenLogRequest};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::{LogFace, LogState, TimeRange};

use super::asked;
use super::ended::{self, log_id};
use super::name::host;
use crate::failure::Failure;
use crate::init::configuration::{key_config, random_tree_id};
use crate::init::now;
use crate::init::secret::Vault;
use crate::init::trust::rekor_v1_host;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::trust::{self, Change};

/// What is opened.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// The interface of the log. A log of Rekor v2 joins the one that takes entries, and that of Rekor v1 ends it.
    #[arg(long, value_enum, default_value_t = Face::RekorV2)]
    face: Face,
    /// The host name that a log of Rekor v2 has in its checkpoints. Default: the next number.
    #[arg(long)]
    origin: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Face {
    /// Rekor v1: a new shard, which goes on numbering where the one before ends.
    RekorV1,
    /// Rekor v2: a log with a host name of its own.
    RekorV2,
}

impl Face {
    const fn on_the_wire(self) -> wire::LogFace {
        match self {
            Self::RekorV1 => wire::LogFace::RekorV1,
            Self::RekorV2 => wire::LogFace::RekorV2,
        }
    }
}

#[derive(Serialize)]
struct Opened {
    origin: String,
    log_id: String,
    /// That of a log which was open before is where its configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    published: trust::Versions,
}

/// Opens a log in the running instance, with a key of its own, and publishes that key.
///
/// 1. The turn to change the trust state is taken, and what a publication needs is opened.
/// 2. A log that is open and in no trust state is taken up: an earlier run came as far as that. Else a key is made, and the
///    service opens a log with it.
/// 3. The log joins the trust state; the shard that it replaces ends there.
/// 4. The trust state is published.
///
/// If the service refuses, the key is removed again, and nothing has changed. If nobody knows whether the log was opened,
/// the key stays, and another run finds out. If the publication fails, the log is open and is in the trust state, and
/// `sigctl trust publish` tells clients.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let mut change = Change::begin(&instance).await?;
    let logs = super::list(&instance).await?;
    let origin = arguments.origin()?;
    let forgotten = forgotten(&change, &logs, arguments.face, origin.as_ref());
    let (log, key) = match forgotten {
        Some(log) => (log.clone(), None),
        None => {
            let (log, key) = open(&instance, arguments.face, origin, &logs).await?;
            (log, Some(key))
        }
    };
    change.append_log(trusted(&instance, &log)?)?;
    ended::end_frozen(&mut change, &super::list(&instance).await?)?;
    let opened = Opened {
        published: change.publish(trust::YEAR).await?,
        origin: log.origin,
        log_id: hex::encode(log.log_id),
        key,
    };
    output.print(&opened, text);
    Ok(())
}

impl Arguments {
    /// The name that the operator chose.
    fn origin(&self) -> Result<Option<Origin>, Failure> {
        let Some(origin) = &self.origin else {
            return Ok(None);
        };
        if self.face == Face::RekorV1 {
            return Err(Failure::new(
                "E-CTL-012",
                "a shard of Rekor v1 has the host of those before it",
                "leave --origin out",
            ));
        }
        let parsed = origin.parse::<Origin>();
        parsed
            .map(Some)
            .map_err(|error| unnamed(&error.to_string()))
    }
}

/// A log that takes entries and that clients cannot know, because it is in no trust state.
fn forgotten<'a>(
    change: &Change<'_>,
    logs: &'a [LogInfo],
    face: Face,
    origin: Option<&Origin>,
) -> Option<&'a LogInfo> {
    logs.iter().find(|log| {
        log.face() == face.on_the_wire()
            && !log.frozen
            && origin.is_none_or(|origin| origin.as_str() == log.origin)
            && change.log(&log_id(log)).is_none()
    })
}

/// Makes a key and has the service open a log with it.
async fn open(
    instance: &Instance,
    face: Face,
    origin: Option<Origin>,
    logs: &[LogInfo],
) -> Result<(LogInfo, PathBuf), Failure> {
    let place = free_place(instance, face)?;
    let config = match face {
        Face::RekorV1 => describe_v1(instance, &place)?,
        Face::RekorV2 => describe_v2(instance, &place, origin, logs)?,
    };
    let key = key_file(instance, &place);
    let request = request(&config, face)?;
    // Before the key is made: without a connection nothing was asked.
    let mut client = super::connect_for_changes(instance).await?;
    let private = Vault::open(instance)?.make(&key, Algorithm::EcdsaP256Sha256)?;
    let log = asked::open(&mut client, request, private.public_key(), &key).await?;
    Ok((log, key))
}

fn request(config: &LogConfig, face: Face) -> Result<OpenLogRequest, Failure> {
    let config_yaml = sigstead_config::to_yaml(config)
        .map_err(|error| Failure::service("tlog", "the new log", error))?;
    Ok(OpenLogRequest {
        config_yaml,
        // Shards number their entries through, so no two take entries at once. Clients of Rekor v2 go on with the
        // predecessor until they know the new key; it is frozen by a command of its own.
        freeze_predecessor: face == Face::RekorV1,
        predecessor: String::new(),
    })
}

/// The log as clients are told of it.
fn trusted(instance: &Instance, log: &LogInfo) -> Result<LogState, Failure> {
    let key = PublicKey::from_spki_der(&log.public_key)
        .map_err(|error| Failure::service("tlog", &log.origin, error))?;
    Ok(LogState {
        face: match log.face() {
            wire::LogFace::RekorV1 => LogFace::RekorV1,
            _ => LogFace::RekorV2,
        },
        base_url: format!("https://{}", host(&log.origin)),
        url: instance.manifest.log_url(Service::Tlog, host(&log.origin)),
        public_key: key.spki_der().into(),
        log_id: log_id(log).as_slice().into(),
        valid_for: TimeRange::since(now()),
        in_service: true,
        offered: None,
    })
}

fn describe_v1(instance: &Instance, place: &str) -> Result<LogConfig, Failure> {
    let host = rekor_v1_host(&instance.manifest)?;
    let tree_id: NonZeroU64 = random_tree_id()?;
    let (key, data, anchor) = files(instance, place)?;
    Ok(LogConfig::rekor_v1(host, tree_id, key, data, anchor))
}

fn describe_v2(
    instance: &Instance,
    place: &str,
    origin: Option<Origin>,
    logs: &[LogInfo],
) -> Result<LogConfig, Failure> {
    let of_v2 = logs
        .iter()
        .filter(|log| log.face() == wire::LogFace::RekorV2);
    let origins: Vec<_> = of_v2.map(|log| log.origin.as_str()).collect();
    let next = || next_origin(&origins)?.parse().ok();
    let origin = origin.or_else(next);
    let origin = origin.ok_or_else(|| unnamed("the new log has no name"))?;
    let (key, data, anchor) = files(instance, place)?;
    Ok(LogConfig::rekor_v2(origin, key, data, anchor))
}

/// Where the key, the data and the anchor of a log are.
fn files(instance: &Instance, place: &str) -> Result<(KeyConfig, PathBuf, PathBuf), Failure> {
    let key = key_config(instance, &format!("keys/{place}.key"))?;
    let anchors = instance.manifest.anchors.as_deref();
    let anchor = anchors.unwrap_or_else(|| Path::new("anchors")).join(place);
    Ok((key, PathBuf::from(place), anchor))
}

fn unnamed(what: &str) -> Failure {
    Failure::new(
        "E-CTL-012",
        what,
        "write a host name that no log had before with --origin",
    )
}

/// The name after that of the newest log, which `sigctl init` names by a year and a number.
fn next_origin(origins: &[&str]) -> Option<String> {
    let (stem, rest) = origins.last()?.split_once('.')?;
    let (stem, number) = stem.rsplit_once('-')?;
    let number: u32 = number.parse().ok()?;
    let mut names = (number.checked_add(1)?..).map(|number| format!("{stem}-{number}.{rest}"));
    names.find(|name| !origins.contains(&name.as_str()))
}

/// A name in the folder of the service that no log has had yet.
fn free_place(instance: &Instance, face: Face) -> Result<String, Failure> {
    let face = match face {
        Face::RekorV1 => "rekor-v1",
        Face::RekorV2 => "rekor-v2",
    };
    let folder = instance.service(Service::Tlog);
    let is_free =
        |place: &String| !key_file(instance, place).exists() && !folder.join(place).exists();
    let mut places = (2_u16..).map(|number| format!("{face}-{number}"));
    let place = places.find(is_free);
    place.ok_or_else(|| Failure::file("name a log in", &folder, "all numbers are taken"))
}

fn key_file(instance: &Instance, place: &str) -> PathBuf {
    let folder = instance.service(Service::Tlog);
    folder.join("keys").join(format!("{place}.key"))
}

fn text(opened: &Opened) -> String {
    let key = match &opened.key {
        Some(key) => format!("opened {}\n  key {}", opened.origin, key.display()),
        None => format!("{} was open and not published", opened.origin),
    };
    format!(
        "{key}\n  log id {}\npublished with root {} and targets {}\nonce clients have them, `sigctl log freeze` ends the \
         log of Rekor v2 that it replaces",
        opened.log_id, opened.published.root, opened.published.targets
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_after_the_one_before_it() {
        let table: [(&[&str], Option<&str>); 5] = [
            (&["log2026-1.rekor.acme"], Some("log2026-2.rekor.acme")),
            (
                &[
                    "log2026-2.rekor.acme",
                    "log2026-3.rekor.acme",
                    "log2026-1.rekor.acme",
                ],
                Some("log2026-4.rekor.acme"),
            ),
            (&["rekor.acme"], None),
            (&["log-x.acme"], None),
            (&[], None),
        ];
        for (origins, expected) in table {
            assert_eq!(next_origin(origins).as_deref(), expected, "{origins:?}");
        }
    }
}
