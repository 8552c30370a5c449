//! `sigctl systemd install`: writes the units.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::OFlags;
use serde::Serialize;

use super::account::Account;
use super::backup::Nightly;
use super::needs::{Needs, Written};
use super::{files, unit};
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES};
use crate::locate::Where;
use crate::output::Output;
use crate::process::Process;
use crate::{private, services};

/// Whose units, and where to.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The folder that they are written to.
    #[arg(long, value_name = "FOLDER", default_value = files::FOLDER)]
    to: PathBuf,

    #[command(flatten)]
    nightly: Nightly,
}

#[derive(Serialize)]
struct Installed {
    folder: PathBuf,
    target: String,
    units: Vec<String>,
    /// Absent where no backup was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    timer: Option<String>,
}

/// Nothing is written before it is known that everything can be.
pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let (instance, to) = (arguments.instance.open()?, &arguments.to);
    files::check_rights(to, "install")?;
    let mut units = unit::all(&instance)?;
    let nightly = arguments.nightly.units(&instance)?;
    let timer = nightly.last().map(|timer| timer.name.clone());
    units.extend(nightly);
    for unit in &units {
        files::is_ours(&instance, &to.join(&unit.name))?;
    }
    prepare(&instance, &arguments.nightly)?;
    private::with_callers_umask(|| fs::create_dir_all(to))
        .map_err(|error| Failure::file("create", to, error))?;
    for unit in &units {
        files::write(&to.join(&unit.name), unit)?;
    }
    if SERVICES
        .iter()
        .any(|service| Process::find(&instance, *service).is_some())
    {
        output.progress(
            "warning: services that `sigctl up` started still run; stop them first: sigctl down",
        );
    }
    let installed = Installed {
        folder: to.clone(),
        target: unit::target_name(&instance),
        units: units.into_iter().map(|unit| unit.name).collect(),
        timer,
    };
    output.print(&installed, text);
    Ok(())
}

/// Makes what the services write: under their units they could not, because nothing around it is theirs to write.
fn prepare(instance: &Instance, nightly: &Nightly) -> Result<(), Failure> {
    let account = Account::of(instance)?;
    let mut all = nightly.written(instance);
    for service in services::of(&instance.manifest) {
        all.extend(Needs::of(instance, service)?.written);
    }
    for written in all {
        let path = written.path();
        make(&written).map_err(|error| Failure::file("create", path, error))?;
        account.check(path)?;
    }
    Ok(())
}

/// Makes a folder or a file that is not there, for whom the folder above it belongs to.
fn make(written: &Written) -> io::Result<()> {
    let path = written.path();
    if path.exists() {
        return Ok(());
    }
    let above = sigstead_durable::parent(path);
    make_above(above)?;
    let made = match written {
        Written::Folder(_) => {
            private::create_folder(path)?;
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
            let mut folder = OpenOptions::new();
            folder.read(true).custom_flags(flags.bits().cast_signed());
            folder.open(path)?
        }
        Written::File(_) => {
            let mut file = OpenOptions::new();
            file.write(true).create_new(true).mode(0o600).open(path)?
        }
    };
    give(&made, above)?;
    sigstead_durable::sync_directory(above)
}

fn make_above(folder: &Path) -> io::Result<()> {
    make(&Written::Folder(folder.to_owned()))
}

/// The owner of the folder could put a link in the place of a name, so the open file is given and not a name.
fn give(made: &File, above: &Path) -> io::Result<()> {
    let (ours, above) = (made.metadata()?, fs::metadata(above)?);
    if (ours.uid(), ours.gid()) == (above.uid(), above.gid()) {
        return Ok(());
    }
    fchown(made, Some(above.uid()), Some(above.gid()))
}

fn text(installed: &Installed) -> String {
    let (count, folder, target) = (
        installed.units.len(),
        installed.folder.display(),
        &installed.target,
    );
    let place = match installed.folder == Path::new(files::FOLDER) {
        true => String::new(),
        false => format!("bring them to {}, then ", files::FOLDER),
    };
    let timer = installed.timer.as_ref();
    let timer = timer.map(|timer| format!("\n  systemctl enable --now {timer}"));
    let timer = timer.unwrap_or_default();
    format!(
        "wrote {count} units to {folder}\n\
         {place}start the instance, now and with the machine:\n  \
         systemctl daemon-reload\n  \
         systemctl enable --now {target}{timer}"
    )
}
