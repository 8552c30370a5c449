//! Which files of an instance each Secret and ConfigMap has. Each is mounted under its own name, without its folder.

use std::path::PathBuf;

use super::logs::Logs;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::{key_files, log_configs};

/// The files of a service in the instance, its passphrase apart, which need not lie there.
pub(super) fn of(
    instance: &Instance,
    service: Service,
    logs: &Logs,
) -> Result<Vec<PathBuf>, Failure> {
    let own: &[&str] = match service {
        Service::Ca => &["ctlog.pub"],
        Service::Ctlog => &["roots.pem"],
        Service::Tlog => &[],
        // Their keys follow one another: see `successors`.
        Service::Oidc | Service::Tsa | Service::Tuf => &[],
    };
    let folder = instance.service(service);
    let all = own.iter().chain(&ADMIN);
    let mut files: Vec<_> = all.map(|file| folder.join(file)).collect();
    match service {
        Service::Tlog => files.extend(logs.files(instance)?),
        Service::Ctlog => {
            for log in log_configs::certificate_logs(instance)? {
                files.push(folder.join(key_files::path(&log.key)?));
            }
        }
        // With hashes of their secrets. The first that is added makes it.
        Service::Oidc => files.extend(Some(folder.join(CLIENTS)).filter(|file| file.exists())),
        _ => {}
    }
    Ok(files)
}

/// What `helm test` reads. None of it is secret.
pub(super) fn of_clients(instance: &Instance) -> Vec<PathBuf> {
    [Instance::FILE, "client/trusted_root.json"]
        .map(|file| instance.path(file))
        .to_vec()
}

/// Who may administer a service, and how it proves itself to them.
const ADMIN: [&str; 3] = ["admin.pem", "admin.key", "admin-ca.pem"];

/// Where the chart's issuer looks for clients beside those of its values.
const CLIENTS: &str = "clients.yaml";

/// The folder of what was published, flat: a ConfigMap has no folders.
pub(super) const PUBLICATION: &str = "publication";
