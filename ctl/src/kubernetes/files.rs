//! Which files of an instance each Secret and ConfigMap has. Each is mounted under its own name, without its folder.

use std::path::PathBuf;

use super::certificate_logs::CertificateLogs;
use super::logs::Logs;
use super::submission;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The files of a service in the instance, its passphrase apart, which need not lie there.
pub(super) fn of(
    instance: &Instance,
    service: Service,
    (logs, certificate_logs): (&Logs, &CertificateLogs),
) -> Result<Vec<PathBuf>, Failure> {
    let own: &[&str] = match service {
        Service::Ctlog => &["roots.pem"],
        Service::Ca | Service::Tlog => &[],
        // Their keys follow one another: see `successors`.
        Service::Oidc | Service::Tsa | Service::Tuf => &[],
    };
    let folder = instance.service(service);
    let all = own.iter().chain(&ADMIN);
    let mut files: Vec<_> = all.map(|file| folder.join(file)).collect();
    match service {
        Service::Tlog => files.extend(logs.files(instance)?),
        Service::Ca => files.extend(certificate_logs.public_keys(instance)),
        Service::Ctlog => files.extend(certificate_logs.keys(instance)?),
        // With hashes of their secrets. The first that is added makes it.
        Service::Oidc => files.extend(Some(folder.join(CLIENTS)).filter(|file| file.exists())),
        _ => {}
    }
    files.extend(submission::files(instance, service));
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
