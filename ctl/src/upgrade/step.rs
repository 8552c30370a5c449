//! What is changed in an instance of an earlier release, step by step. Each can be taken again.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sigstead_archive::LogFace;

use super::setting::{Setting, add_line, change_value, has_value};
use super::{heads, submitters};
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::init::anchors;
use crate::instance::{Instance, Service};
use crate::private;
use crate::replace::replace;
use crate::trust;

/// A change.
#[derive(Debug)]
pub(super) enum Step {
    /// The instance gets what tells it from all others.
    Identifier,
    /// The anchors of the logs go out of the instance, so that a copy of it is no copy of them.
    Anchors,
    /// The heads of the records of acts go to the anchors.
    Heads,
    /// The CT log takes certificates of the certificate authority alone.
    Submitters,
    /// The trust state gets the number of its format.
    Number,
    /// A configuration gets a member.
    Setting(Setting),
}

impl Step {
    pub(super) fn what(&self) -> String {
        match self {
            Self::Identifier => "give the instance an identifier".to_owned(),
            Self::Anchors => "move the anchors of the logs out of the instance".to_owned(),
            Self::Heads => "keep the heads of the records of acts with the anchors".to_owned(),
            Self::Submitters => {
                "have the CT log take what `ca` submits, and nobody else".to_owned()
            }
            Self::Number => "write the number of its format into trust/state.json".to_owned(),
            Self::Setting(setting) => setting.what(),
        }
    }

    /// Takes the step; `asked` is where the anchors are to be.
    pub(super) async fn take(
        &self,
        instance: &Instance,
        asked: Option<&Path>,
    ) -> Result<(), Failure> {
        match self {
            Self::Setting(setting) => setting.write(instance),
            Self::Identifier => {
                let id = anchors::random_id()?;
                add_line(&instance.path(Instance::FILE), "id", &id)
            }
            Self::Anchors => move_anchors(instance, asked),
            Self::Heads => heads::move_out(instance),
            Self::Submitters => submitters::certify(instance).await,
            Self::Number => trust::write_number(instance),
        }
    }

    /// Whether the anchor of a log would be copied with the instance.
    pub(super) fn has_anchor_inside(instance: &Instance, log: &ConfiguredLog) -> bool {
        // That of a log that was never opened is not there yet.
        let anchor = fs::canonicalize(&log.anchor).unwrap_or_else(|_| log.anchor.clone());
        anchor.starts_with(instance.directory())
    }
}

/// 1. The anchor of a log is copied to its new place, durably.
/// 2. The configuration names the new place.
/// 3. The old one goes.
/// 4. When that is done for all, the instance names the folder.
///
/// A command that ends between two of these left an anchor that its log uses, and at most a file that nobody reads.
fn move_anchors(instance: &Instance, asked: Option<&Path>) -> Result<(), Failure> {
    // The identifier may have been given a moment ago.
    let named = Instance::open(instance.directory())?.manifest;
    let id = named.id.unwrap_or_default();
    let logs = ConfiguredLog::all(instance)?;
    let is_inside = |log: &&ConfiguredLog| Step::has_anchor_inside(instance, log);
    let outside = logs.iter().find(|log| !is_inside(log));
    let folder = match (named.anchors, outside) {
        (Some(folder), _) => folder,
        // An operator has moved them already.
        (None, Some(log)) => sigstead_durable::parent(&log.anchor).to_owned(),
        (None, None) => anchors::directory(asked, instance.directory(), &id)?,
    };
    for log in logs.iter().filter(is_inside) {
        move_anchor(instance, log, &folder)?;
    }
    let path = instance.path(Instance::FILE);
    match instance.manifest.anchors {
        Some(_) => Ok(()),
        None => add_line(&path, "anchors", &folder.display().to_string()),
    }
}

fn move_anchor(instance: &Instance, log: &ConfiguredLog, folder: &Path) -> Result<(), Failure> {
    let old = &log.anchor;
    let new = folder.join(name_of(log));
    if old.exists() {
        let bytes = private::read(old, LONGEST);
        let bytes = bytes.map_err(|error| Failure::file("read", old, error))?;
        refuse_another(&new, &bytes)?;
        if !folder.exists() {
            make_folder(folder, instance)
                .map_err(|error| Failure::file("create", folder, error))?;
        }
        // It goes to whom the folder belongs.
        replace(&new, &bytes).map_err(|error| Failure::file("write", &new, error))?;
    }
    let (config, named) = configuration(instance, log)?;
    change_value(&config, "anchor", &named, &new.display().to_string())?;
    match old.exists() {
        true => sigstead_durable::remove(old).map_err(|error| Failure::file("remove", old, error)),
        false => Ok(()),
    }
}

/// The anchor of another log may have the name. What an earlier run copied is the same.
fn refuse_another(new: &Path, bytes: &[u8]) -> Result<(), Failure> {
    match private::read(new, LONGEST) {
        Ok(there) if there != bytes => Err(Failure::new(
            "E-CTL-393",
            format!("another anchor is in {} already", new.display()),
            "move the anchor by hand as docs/upgrading.md says, then run the command again",
        )),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Makes a folder for whom the instance belongs, as whom its services run, below folders that they can pass.
fn make_folder(folder: &Path, instance: &Instance) -> io::Result<()> {
    let above = sigstead_durable::parent(folder);
    private::with_callers_umask(|| fs::create_dir_all(above))?;
    private::create_folder(folder)?;
    let theirs = fs::metadata(instance.directory())?;
    // Not by its name, which could lead elsewhere by now.
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    let made = File::options()
        .read(true)
        .custom_flags(flags)
        .open(folder)?;
    let ours = made.metadata()?;
    match (ours.uid(), ours.gid()) == (theirs.uid(), theirs.gid()) {
        true => Ok(()),
        false => fchown(&made, Some(theirs.uid()), Some(theirs.gid())),
    }
}

/// As `init` calls the anchors.
fn name_of(log: &ConfiguredLog) -> PathBuf {
    let folder = log.data.file_name().map(PathBuf::from);
    match log.face {
        // The first one.
        LogFace::Ct if folder.as_deref() == Some(Path::new("data")) => "ctlog".into(),
        LogFace::Ct | LogFace::RekorV1 | LogFace::RekorV2 => folder.unwrap_or_else(|| "log".into()),
    }
}

/// The file that describes a log, and how it names the anchor.
fn configuration(instance: &Instance, log: &ConfiguredLog) -> Result<(PathBuf, String), Failure> {
    let service = match log.face {
        LogFace::Ct => Service::Ctlog,
        LogFace::RekorV1 | LogFace::RekorV2 => Service::Tlog,
    };
    let folder = instance.service(service);
    let named = log.anchor.strip_prefix(&folder).unwrap_or(&log.anchor);
    let named = named.display().to_string();
    for path in descriptions(&folder) {
        if has_value(&path, "anchor", &named)? {
            return Ok((path, named));
        }
    }
    Err(Failure::new(
        "E-CTL-393",
        format!(
            "no configuration names the anchor of {} as {named}",
            log.name
        ),
        "move the anchor by hand as docs/upgrading.md says, then run the command again",
    ))
}

/// The files in which logs may be described: the configuration, and those of logs that were opened later.
fn descriptions(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let opened = fs::read_dir(folder.join("logs.d"));
    let opened = opened.into_iter().flatten().flatten();
    let opened = opened.map(|entry| entry.path());
    let opened = opened.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    [folder.join("config.yaml")].into_iter().chain(opened)
}

const LONGEST: u64 = 64 << 10;
