//! `sigctl systemd remove`: removes the units.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{backup, files, unit};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;

/// Whose units, and from where.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The folder that they are in.
    #[arg(long, value_name = "FOLDER", default_value = files::FOLDER)]
    from: PathBuf,
}

#[derive(Serialize)]
struct Removed {
    folder: PathBuf,
    units: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let (instance, folder) = (arguments.instance.open()?, &arguments.from);
    files::check_rights(folder, "remove")?;
    refuse_enabled(&instance, folder)?;
    let mut units = Vec::new();
    for name in unit::names(&instance)
        .into_iter()
        .chain(backup::names(&instance))
    {
        if files::is_ours(&instance, &folder.join(&name))? {
            units.push(name);
        }
    }
    for name in &units {
        let path = folder.join(name);
        sigstead_durable::remove(&path).map_err(|error| Failure::file("remove", &path, error))?;
    }
    let removed = Removed {
        folder: folder.clone(),
        units,
    };
    output.print(&removed, text);
    Ok(())
}

/// Without its unit systemd could not find what it has to stop, nor the link with which the machine starts it.
fn refuse_enabled(instance: &Instance, folder: &Path) -> Result<(), Failure> {
    let [_, timer] = backup::names(instance);
    let links = [
        ("multi-user.target.wants", unit::target_name(instance)),
        ("timers.target.wants", timer),
    ];
    for (wants, name) in links {
        if folder.join(wants).join(&name).symlink_metadata().is_ok() {
            return Err(Failure::new(
                "E-CTL-253",
                format!("{name} is enabled: the machine starts it"),
                format!("stop and disable it first: systemctl disable --now {name}"),
            )
            .exit(Exit::Refused));
        }
    }
    Ok(())
}

fn text(removed: &Removed) -> String {
    let folder = removed.folder.display();
    match removed.units.len() {
        0 => format!("{folder} has no units of this instance"),
        count => {
            format!("removed {count} units from {folder}; tell systemd: systemctl daemon-reload")
        }
    }
}
