use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_config::Origin;
use sigstead_proto::admin::v1::{self as wire, LogInfo};

use super::ended::{self, log_id};
use super::opening::{
    self, Face, Place, describe_v1, describe_v2, free_place, next_origin, trusted, unnamed,
};
use crate::failure::Failure;
use crate::init::configuration::random_tree_id;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::rotations;
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
    let _turn = rotations::Turn::take(&instance, arguments.face.name())?;
    rotations::refuse_open(&instance, arguments.face.name())?;
    let mut change = Change::begin(&instance).await?;
    let logs = super::list(&instance).await?;
    let origin = arguments.origin()?;
    let forgotten = forgotten(&change, &logs, arguments.face, origin.as_ref());
    let (log, key) = match forgotten {
        Some(log) => (log.clone(), None),
        None => open_new(&instance, arguments.face, origin, &logs).await?,
    };
    change.append_log(trusted(&instance, &log)?)?;
    ended::end_frozen(&mut change, &super::list(&instance).await?)?;
    let opened = Opened {
        published: change.publish().await?,
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
async fn open_new(
    instance: &Instance,
    face: Face,
    origin: Option<Origin>,
    logs: &[LogInfo],
) -> Result<(LogInfo, Option<PathBuf>), Failure> {
    let place = free_place(instance, face)?;
    let place = Place {
        face,
        name: &place,
        key_at: None,
    };
    let config = match face {
        Face::RekorV1 => describe_v1(instance, place, random_tree_id()?)?,
        Face::RekorV2 => {
            let of_v2 = logs
                .iter()
                .filter(|log| log.face() == wire::LogFace::RekorV2);
            let origins: Vec<_> = of_v2.map(|log| log.origin.as_str()).collect();
            let next = || next_origin(&origins)?.parse().ok();
            let origin = origin.or_else(next);
            let origin = origin.ok_or_else(|| unnamed("the new log has no name"))?;
            describe_v2(instance, place, origin)?
        }
    };
    let (log, key) = opening::open(instance, place, &config).await?;
    Ok((log, key.path().map(Path::to_owned)))
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
