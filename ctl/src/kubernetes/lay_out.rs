//! `sigctl kubernetes lay-out`: the files that the chart mounts.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::files::{self, PASSPHRASE, PUBLICATION};
use super::values;
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::private;

/// From where and to where.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The folder that is filled; what is in it is replaced.
    #[arg(long)]
    to: PathBuf,

    /// A folder in which each service is given one for its data, where all share a volume.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(Serialize)]
struct LaidOut {
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    if !instance.manifest.ct_log.is_own() {
        return Err(Failure::new(
            "E-CTL-012",
            "the chart runs a certificate transparency log, and the instance has none",
            "make an instance with a log for it: sigctl init",
        ));
    }
    let to = &arguments.to;
    for service in SERVICES {
        secret(&instance, service, &to.join(service.name()))?;
        if let Some(data) = &arguments.data {
            private::create_folders(&data.join(service.name()))?;
        }
    }
    copy_all(&files::of_clients(&instance), &to.join("client"))?;
    publication(&instance, &to.join(PUBLICATION))?;
    let values = values::of(&instance)?;
    write(&to.join("values.yaml"), values.as_bytes())?;
    let laid_out = LaidOut { folder: to.clone() };
    output.print(&laid_out, text);
    Ok(())
}

fn secret(instance: &Instance, service: Service, folder: &Path) -> Result<(), Failure> {
    copy_all(&files::of(instance, service), folder)?;
    write(&folder.join(PASSPHRASE), &instance.passphrase()?)
}

fn copy_all(files: &[PathBuf], folder: &Path) -> Result<(), Failure> {
    files.iter().try_for_each(|file| {
        let name = file.file_name().unwrap_or_default();
        copy(file, &folder.join(name))
    })
}

/// The root and the targets with their files; what the service signs itself stays where it is.
fn publication(instance: &Instance, folder: &Path) -> Result<(), Failure> {
    let repository = instance.service(Service::Tuf).join("repository");
    for path in [repository.clone(), repository.join("targets")] {
        let failed = |error| Failure::file("read", &path, error);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            let name = entry.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|name| is_signed_outside(&entry, name)) {
                copy(&entry, &folder.join(name))?;
            }
        }
    }
    Ok(())
}

fn is_signed_outside(path: &Path, name: &str) -> bool {
    let is_target = path
        .parent()
        .is_some_and(|folder| folder.ends_with("targets"));
    path.is_file() && (is_target || name.ends_with(".root.json") || name.ends_with(".targets.json"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = private::read(from, LARGEST).map_err(|error| Failure::file("read", from, error))?;
    write(to, &bytes)
}

/// A volume's group may have been let in since the file was made.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    private::write(path, bytes)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(|error| Failure::file("close", path, error))
}

fn text(laid_out: &LaidOut) -> String {
    let folder = laid_out.folder.display();
    format!(
        "laid out in {folder}: a Secret each of ca, ctlog, oidc, tlog, tsa and tuf, a ConfigMap each of client and \
         {PUBLICATION}, and values.yaml\n\
         make them: kubectl create secret generic RELEASE-sigstead-ca --from-file {folder}/ca\n\
         then remove {folder}: it holds every key that the services have"
    )
}

/// A ConfigMap or a Secret holds no more.
const LARGEST: u64 = 1 << 20;
