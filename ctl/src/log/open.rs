use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use sigstead_config::Origin;
use sigstead_config::tlog::LogConfig;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_proto::admin::v1::{self as wire, LogInfo, OpenLogRequest};
use sigstead_trust_root::{LogFace, LogState, TimeRange};

use super::asked;
use crate::failure::Failure;
use crate::init::configuration::{key_config, random_tree_id};
use crate::init::now;
use crate::init::secret::Vault;
use crate::init::trust::rekor_v1_host;
use crate::instance::{Instance, Service};
use crate::output::Output;
use crate::trust;

/// What is opened.
#[derive(Args)]
pub(super) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,
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

#[derive(Serialize)]
struct Opened {
    origin: String,
    log_id: String,
    key: PathBuf,
    published: trust::Versions,
}

/// Opens a log in the running instance, with a key of its own, and publishes that key.
///
/// If the service refuses, the key is removed again, and nothing has changed. If nobody knows whether the log was opened,
/// the key stays. If the publication fails, the log is open and is in the trust state, and `sigctl trust publish` tells
/// clients.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let logs = super::list(&instance).await?;
    let place = free_place(&instance, arguments.face)?;
    let config = describe(&instance, &arguments, &logs, &place)?;
    let key = key_file(&instance, &place);
    let request = request(&config, arguments.face)?;
    // Before the key is made: without a connection nothing was asked.
    let mut client = super::connect_for_changes(&instance).await?;
    let private = Vault::open(&instance)?.make(&key, Algorithm::EcdsaP256Sha256)?;
    let log = asked::open(&mut client, request, private.public_key(), &key).await?;
    trust::append_log(&instance, trusted(&instance, &config, &log)?)?;
    let published = trust::publish(&instance, trust::YEAR).await?;
    let opened = Opened {
        origin: log.origin,
        log_id: hex::encode(log.log_id),
        key,
        published,
    };
    output.print(&opened, text);
    Ok(())
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
fn trusted(instance: &Instance, config: &LogConfig, log: &LogInfo) -> Result<LogState, Failure> {
    let key = PublicKey::from_spki_der(&log.public_key)
        .map_err(|error| Failure::service("tlog", &log.origin, error))?;
    let (face, log_id) = match log.face() {
        // Its clients know a log by its key alone.
        wire::LogFace::RekorV1 => (LogFace::RekorV1, key.log_id().as_bytes().as_slice().into()),
        _ => (LogFace::RekorV2, log.log_id.as_slice().into()),
    };
    Ok(LogState {
        face,
        base_url: format!("https://{}", config.origin),
        url: instance.manifest.url(Service::Tlog),
        public_key: key.spki_der().into(),
        log_id,
        valid_for: TimeRange::since(now()),
        in_service: true,
    })
}

fn describe(
    instance: &Instance,
    arguments: &Arguments,
    logs: &[LogInfo],
    place: &str,
) -> Result<LogConfig, Failure> {
    let key = key_config(instance, &format!("keys/{place}.key"))?;
    let data = PathBuf::from(place);
    let anchors = instance.manifest.anchors.as_deref();
    let anchor = anchors.unwrap_or_else(|| Path::new("anchors")).join(place);
    match (arguments.face, &arguments.origin) {
        (Face::RekorV1, Some(_)) => Err(Failure::new(
            "E-CTL-012",
            "a shard of Rekor v1 has the host of those before it",
            "leave --origin out",
        )),
        (Face::RekorV1, None) => {
            let host = rekor_v1_host(&instance.manifest)?;
            let tree_id: NonZeroU64 = random_tree_id()?;
            Ok(LogConfig::rekor_v1(host, tree_id, key, data, anchor))
        }
        (Face::RekorV2, origin) => {
            let origins: Vec<_> = logs
                .iter()
                .filter(|log| log.face() == wire::LogFace::RekorV2)
                .map(|log| log.origin.as_str())
                .collect();
            let origin = origin.clone().or_else(|| next_origin(&origins));
            let origin = origin.ok_or_else(|| unnamed("the new log has no name"))?;
            let origin: Origin = origin
                .parse()
                .map_err(|error| unnamed(&format!("{origin} cannot name a log")).because(error))?;
            Ok(LogConfig::rekor_v2(origin, key, data, anchor))
        }
    }
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
    format!(
        "opened {}\n  log id {}\n  key {}\npublished with root {} and targets {}\nonce clients have them, `sigctl log \
         freeze` ends the log of Rekor v2 that it replaces",
        opened.origin,
        opened.log_id,
        opened.key.display(),
        opened.published.root,
        opened.published.targets
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
