//! What a service needs of the machine, by its configuration: what it writes, what must stay as it is, where it listens.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sigstead_config::{ca, ctlog, oidc, tlog, tsa, tuf};
use sigstead_kit::Listeners;
use sigstead_store::StoreConfig;

use crate::failure::Failure;
use crate::instance::{Instance, SERVICES, Service};
use crate::log_configs;
use crate::process::config_file;

/// Something that a service writes. It has to be there before the service starts, or nobody could let it write it.
pub(super) enum Written {
    /// The folder, with all that is in it.
    Folder(PathBuf),
    /// The file alone.
    File(PathBuf),
}

/// What a service needs.
pub(super) struct Needs {
    /// What it writes.
    pub(super) written: Vec<Written>,
    /// What lies in that and is not for it to write. It may not be there.
    pub(super) kept: Vec<PathBuf>,
    listeners: Listeners,
    /// The absolute paths that its configuration names.
    named: Vec<PathBuf>,
}

impl Written {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }
}

impl Needs {
    /// Reads what a service of an instance needs.
    pub(super) fn of(instance: &Instance, service: Service) -> Result<Self, Failure> {
        let needs = match service {
            Service::Ca => {
                let config: ca::Config = read(instance, service)?;
                Self::new(config.listeners, [Written::Folder(config.record.path)])
            }
            Service::Ctlog => ctlog(instance)?,
            Service::Oidc => {
                let config: oidc::Config = read(instance, service)?;
                let store = match config.store {
                    StoreConfig::Sled { path } => Some(Written::Folder(path)),
                    StoreConfig::Memory {} => None,
                };
                let users = Written::File(config.users);
                Self::new(config.listeners, store.into_iter().chain([users]))
            }
            Service::Tlog => tlog(instance)?,
            Service::Tsa => {
                let config: tsa::Config = read(instance, service)?;
                Self::new(config.listeners, [])
            }
            Service::Tuf => {
                let config: tuf::Config = read(instance, service)?;
                Self::new(config.listeners, [Written::Folder(config.repository)])
            }
        };
        let needs = needs.with_record();
        let mut needs = needs.within(&instance.service(service))?;
        needs.named = named(&read(instance, service)?);
        Ok(needs)
    }

    fn new(listeners: Listeners, written: impl IntoIterator<Item = Written>) -> Self {
        Self {
            written: written.into_iter().collect(),
            kept: Vec::new(),
            listeners,
            named: Vec::new(),
        }
    }

    /// With the record of what administrators do.
    fn with_record(mut self) -> Self {
        if let Some(admin) = &self.listeners.admin {
            self.written.push(Written::Folder(admin.audit.clone()));
            let head = admin.audit_head.iter();
            let folders = head.map(|head| sigstead_durable::parent(head).to_owned());
            self.written.extend(folders.map(Written::Folder));
        }
        self
    }

    /// With its logs. An anchor is a file that a log makes, in a folder that it may share with those of other logs: `others`. A
    /// service that may open logs makes a folder for each, beside its keys.
    fn with_logs(
        mut self,
        (instance, service): (&Instance, Service),
        logs: Vec<Places>,
        others: impl Iterator<Item = PathBuf>,
        opens_logs: bool,
    ) -> Result<Self, Failure> {
        let folder = instance.service(service);
        let anchors: BTreeSet<_> = logs
            .iter()
            .map(|(_, anchor)| sigstead_durable::parent(anchor).to_owned())
            .collect();
        self.written
            .extend(anchors.iter().cloned().map(Written::Folder));
        if opens_logs {
            self.written.push(Written::Folder(folder.clone()));
            self.kept.extend(OWN.map(PathBuf::from));
        }
        let data = logs.into_iter().map(|(data, _)| data);
        let data = data.filter(|data| !opens_logs || !folder.join(data).starts_with(&folder));
        self.written.extend(data.map(Written::Folder));
        let others: Vec<_> = others.chain(heads_of_others(instance, service)).collect();
        for anchors in anchors {
            let others = beside(&folder.join(anchors), others.clone())?;
            self.kept.extend(others);
        }
        Ok(self)
    }

    /// Whether it listens on a port that only a privileged process gets.
    pub(super) fn has_low_port(&self) -> bool {
        let listeners = &self.listeners;
        let admin = listeners.admin.as_ref().map(|admin| admin.address);
        let all = [listeners.public.address, listeners.ops.address];
        // Port 0 is any free one.
        all.into_iter()
            .chain(admin)
            .any(|address| (1..1024).contains(&address.port()))
    }

    /// Whether it needs something below one of these folders.
    pub(super) fn lies_below(&self, folders: &[&str]) -> bool {
        let written = self.written.iter().map(Written::path);
        let all = written.chain(self.named.iter().map(PathBuf::as_path));
        all.into_iter().any(|path| is_below(path, folders))
    }

    /// With the one true path of everything; `folder` is where the service works.
    fn within(mut self, folder: &Path) -> Result<Self, Failure> {
        for written in &mut self.written {
            let (Written::Folder(path) | Written::File(path)) = written;
            *path = real(&folder.join(&*path))?;
        }
        for path in &mut self.kept {
            *path = real(&folder.join(&*path))?;
        }
        // Two logs may have their anchors in one folder.
        self.written
            .sort_by(|one, other| one.path().cmp(other.path()));
        self.written
            .dedup_by(|one, other| one.path() == other.path());
        Ok(self)
    }
}

/// Whether a path is below one of these folders.
pub(super) fn is_below(path: &Path, folders: &[&str]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

/// Data and anchor of a log.
type Places = (PathBuf, PathBuf);

fn ctlog(instance: &Instance) -> Result<Needs, Failure> {
    let config: ctlog::Config = read(instance, Service::Ctlog)?;
    let logs = log_configs::certificate_logs(instance)?.into_iter();
    let logs: Vec<Places> = logs.map(|log| (log.data, log.anchor)).collect();
    let others = log_configs::signature_logs(instance)?.into_iter();
    let others = others.map(|log| instance.service(Service::Tlog).join(log.anchor));
    let opens_logs = config.opened_logs.is_some();
    let needs = Needs::new(config.listeners, []);
    let mut needs = needs.with_logs((instance, Service::Ctlog), logs, others, opens_logs)?;
    if opens_logs {
        let named = [Some(config.roots), config.submitters];
        needs.kept.extend(named.into_iter().flatten());
    }
    Ok(needs)
}

fn tlog(instance: &Instance) -> Result<Needs, Failure> {
    let config: tlog::Config = read(instance, Service::Tlog)?;
    let logs = log_configs::signature_logs(instance)?.into_iter();
    let logs: Vec<Places> = logs.map(|log| (log.data, log.anchor)).collect();
    let others = log_configs::certificate_logs(instance)?.into_iter();
    let others = others.map(|log| instance.service(Service::Ctlog).join(log.anchor));
    let opens_logs = config.opened_logs.is_some();
    let needs = Needs::new(config.listeners, []);
    needs.with_logs((instance, Service::Tlog), logs, others, opens_logs)
}

/// The folders of the heads of the records that others keep of what administrators do; they lie with the anchors.
fn heads_of_others(
    instance: &Instance,
    service: Service,
) -> impl Iterator<Item = PathBuf> + use<'_> {
    let services = SERVICES.into_iter().filter(move |other| *other != service);
    let writers = services.map(Service::name).chain(["sigctl"]);
    let heads = writers.filter_map(|writer| instance.manifest.audit_head(writer));
    heads.map(|head| sigstead_durable::parent(&head).to_owned())
}

/// Those of the files that lie in a folder.
fn beside(
    folder: &Path,
    files: impl IntoIterator<Item = PathBuf>,
) -> Result<Vec<PathBuf>, Failure> {
    let folder = real(folder)?;
    let mut found = Vec::new();
    for file in files {
        let file = real(&file)?;
        if file.starts_with(&folder) {
            found.push(file);
        }
    }
    Ok(found)
}

/// The path without links and dots, also of what is not there yet.
fn real(path: &Path) -> Result<PathBuf, Failure> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path.parent().zip(path.file_name());
            let (parent, name) = parent.ok_or_else(|| Failure::file("resolve", path, error))?;
            Ok(real(parent)?.join(name))
        }
        found => found.map_err(|error| Failure::file("resolve", path, error)),
    }
}

/// The absolute paths in a configuration, whatever they are for; those of keys are URIs.
fn named(config: &serde_json::Value) -> Vec<PathBuf> {
    match config {
        serde_json::Value::String(text) => {
            let path = Path::new(text.strip_prefix("file:").unwrap_or(text));
            let path = path.is_absolute().then(|| path.to_owned());
            path.into_iter().collect()
        }
        serde_json::Value::Array(all) => all.iter().flat_map(named).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(named).collect(),
        _ => Vec::new(),
    }
}

fn read<C: DeserializeOwned>(instance: &Instance, service: Service) -> Result<C, Failure> {
    let path = config_file(instance, service);
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

/// What a service has in its folder and only reads. The certificates of its listeners are there if it has any.
const OWN: [&str; 7] = [
    "config.yaml",
    "keys",
    "admin.pem",
    "admin.key",
    "admin-ca.pem",
    "tls.pem",
    "tls.key",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_there_yet_is_real_as_far_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(folder.join("real")).unwrap();
        std::os::unix::fs::symlink(folder.join("real"), folder.join("link")).unwrap();
        for (path, expected) in [
            ("link", "real"),
            ("link/a/b", "real/a/b"),
            ("real/../link/a", "real/a"),
        ] {
            assert_eq!(real(&folder.join(path)).unwrap(), folder.join(expected));
        }
    }

    #[test]
    fn absolute_paths_are_found_wherever_a_configuration_names_them() {
        let config = serde_json::json!({
            "key": {"uri": "file:/home/a/ca.key", "passphrase_file": "../passphrase"},
            "logs": [{"data": "/srv/x"}, {"data": "relative"}, 7, null],
            "url": "https://example.com/home",
        });
        let found = named(&config);
        assert_eq!(found, ["/home/a/ca.key", "/srv/x"].map(PathBuf::from));
    }
}
