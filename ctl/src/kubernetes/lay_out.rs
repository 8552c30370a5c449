//! `sigctl kubernetes lay-out`: the files that the chart mounts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::anchors;
use super::certificate_logs::CertificateLogs;
use super::files::{self, PUBLICATION};
use super::logs::Logs;
use super::secret;
use super::submission;
use super::values;
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, SERVICES};
use crate::locate::Where;
use crate::output::Output;
use crate::{private, published_files};

/// From where and to where.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The folder that is filled, and made if it is not there. An earlier lay-out in it is replaced, and any other folder that
    /// is not empty is refused.
    #[arg(long)]
    to: PathBuf,

    /// A folder in which each service is given one for its data, where all share a volume.
    #[arg(long)]
    data: Option<PathBuf>,

    /// A folder to which the anchors of logs that were never opened are moved, each below its service, where all share a volume.
    #[arg(long)]
    anchors: Option<PathBuf>,
}

#[derive(Serialize)]
struct LaidOut {
    folder: PathBuf,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    if !instance.manifest.ct_log.is_own() {
        return Err(Failure::new(
            "E-CTL-012",
            "the chart runs a certificate transparency log, and the instance has none",
            "make an instance with a log for it: sigctl init",
        ));
    }
    let to = &arguments.to;
    refuse_another_folder(to)?;
    let logs = Logs::of(&instance)?;
    let certificate_logs = CertificateLogs::of(&instance)?;
    submission::make(&instance).await?;
    for service in SERVICES {
        lay(&secret::of(&instance, service)?, &to.join(service.name()))?;
        if let Some(data) = &arguments.data {
            private::create_folders(&data.join(service.name()))?;
        }
    }
    if let Some(anchors) = &arguments.anchors {
        anchors::move_to(anchors, &instance)?;
    }
    let client = to.join("client");
    remove_others(&client, &copy_all(&files::of_clients(&instance), &client)?)?;
    publication(&instance, &to.join(PUBLICATION))?;
    let values = values::of(&instance, logs, certificate_logs)?;
    write(&to.join(VALUES), values.as_bytes())?;
    let laid_out = LaidOut { folder: to.clone() };
    output.print(&laid_out, text);
    Ok(())
}

/// A lay-out has its values, from the first file of it on.
fn refuse_another_folder(to: &Path) -> Result<(), Failure> {
    let values = to.join(VALUES);
    let is_ours = values.is_file();
    match fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
        Ok(false) if !is_ours => Err(Failure::new(
            "E-CTL-113",
            format!("{} holds something else than a lay-out", to.display()),
            "name a folder that is empty or that sigctl makes",
        )
        .exit(Exit::Refused)),
        Ok(true) => write(&values, b""),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => write(&values, b""),
        Err(error) => Err(Failure::file("read", to, error)),
    }
}

/// Writes the files of a Secret, and leaves no others.
fn lay(content: &BTreeMap<String, Vec<u8>>, folder: &Path) -> Result<(), Failure> {
    for (name, bytes) in content {
        write(&folder.join(name), bytes)?;
    }
    remove_others(folder, &content.keys().map(OsString::from).collect())
}

/// Copies files into a folder, and gives their names there.
fn copy_all(files: &[PathBuf], folder: &Path) -> Result<BTreeSet<OsString>, Failure> {
    let copied = files.iter().map(|file| {
        let name = file.file_name().unwrap_or_default();
        copy(file, &folder.join(name)).map(|()| name.to_owned())
    });
    copied.collect()
}

/// Removes what an earlier lay-out left that the instance has no more: it would be in the Secret or the ConfigMap too.
fn remove_others(folder: &Path, names: &BTreeSet<OsString>) -> Result<(), Failure> {
    let failed = |error| Failure::file("read", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if !names.contains(&entry.file_name()) && path.is_file() {
            fs::remove_file(&path).map_err(|error| Failure::file("remove", &path, error))?;
        }
    }
    Ok(())
}

/// The root and the targets with their files, and the page for clients; what the service signs itself stays where it is.
fn publication(instance: &Instance, folder: &Path) -> Result<(), Failure> {
    let files = published_files::of(instance)?;
    for file in &files {
        write(&folder.join(&file.name), &file.bytes)?;
    }
    remove_others(
        folder,
        &files.into_iter().map(|file| file.name.into()).collect(),
    )
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

const VALUES: &str = "values.yaml";
/// A ConfigMap or a Secret holds no more.
const LARGEST: u64 = 1 << 20;
