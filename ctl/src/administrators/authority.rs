//! The authority of an instance's administrators, and what it issued.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sigstead_kit::{Administrator, Clock as _, Revoked, Role, SystemClock};
use sigstead_x509::{Certificate, Name, SerialNumber, TlsProfile, TlsRole, Validity};
use time::Duration;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::{operator_key, private, services, tls_files};

/// What a certificate is to say.
pub(super) struct Terms {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) days: u16,
    pub(super) key: sigstead_key::PublicKey,
}

/// A certificate that was issued to an administrator.
pub(crate) struct Issued {
    pub(crate) administrator: Administrator,
    pub(super) certificate: Certificate,
    pub(crate) is_revoked: bool,
}

impl Issued {
    /// Whether it is one of that name, or that of that serial number, however its letters are written.
    pub(super) fn is_meant(&self, name: Option<&str>, serial: Option<&str>) -> bool {
        let administrator = &self.administrator;
        let wanted = serial.map(str::to_ascii_lowercase);
        name == Some(administrator.name.as_str())
            || wanted.as_deref() == Some(administrator.serial.as_str())
    }
}

/// Issues a certificate with the key of the admin CA.
pub(super) async fn issue(instance: &Instance, terms: Terms) -> Result<Certificate, Failure> {
    let path = instance.path(KEY);
    let failed =
        |error: &dyn std::error::Error| Failure::file("use", &path, sigstead_kit::causes(error));
    if instance.path(NEXT).exists() {
        return Err(Failure::new(
            "E-CTL-347",
            "the authority of the admin interfaces is being replaced, and what it issues now would soon count no more",
            "finish that first: sigctl rotate admin-ca resume; or take it back with `undo`",
        ));
    }
    let issuer = tls_files::certificate(&instance.path(CERTIFICATE))?;
    let signer = operator_key::open(instance, &path).await?;
    if signer.public_key() != issuer.public_key() {
        let why = "it is not the key of trust/admin-ca.pem; a rotation of admin-ca may have been interrupted";
        return Err(Failure::file("use", &path, why));
    }
    let now = SystemClock.now();
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(Failure::randomness)?;
    let profile = TlsProfile {
        subject: Name {
            organization: instance.manifest.name.clone(),
            common_name: terms.name,
        },
        public_key: terms.key,
        dns_names: Vec::new(),
        ip_addresses: Vec::new(),
        uris: vec![terms.role.uri()],
        role: TlsRole::Client,
        validity: Validity {
            // Clocks of services may be a little behind.
            not_before: (now - Duration::minutes(5)).max(issuer.not_before()),
            not_after: (now + Duration::days(terms.days.into())).min(issuer.not_after()),
        },
        serial: SerialNumber::from_random(random),
    };
    let unsigned = profile.issued_by(&issuer).map_err(|error| failed(&error))?;
    let signature = signer
        .sign(unsigned.bytes_to_sign())
        .await
        .map_err(|error| failed(&error))?;
    unsigned
        .sign_with(signature)
        .map_err(|error| failed(&error))
}

/// All that were issued, by their serial numbers; that of the instance's own tools among them.
pub(crate) fn issued(instance: &Instance) -> Result<BTreeMap<String, Issued>, Failure> {
    let revoked = revoked(instance)?;
    let mut paths = vec![instance.path(OWN)];
    let folder = instance.path(ISSUED);
    if folder.is_dir() {
        let failed = |error| Failure::file("read", &folder, error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            paths.push(entry.map_err(failed)?.path());
        }
    }
    let mut all = BTreeMap::new();
    for path in paths {
        let certificate = tls_files::certificate(&path)?;
        let administrator = Administrator::of(certificate.to_der())
            .map_err(|error| Failure::file("understand", &path, error))?;
        let serial = administrator.serial.clone();
        let is_revoked = revoked.contains(&serial);
        all.insert(
            serial,
            Issued {
                administrator,
                certificate,
                is_revoked,
            },
        );
    }
    Ok(all)
}

/// Keeps a certificate, so that it can be listed and revoked.
pub(super) fn keep(
    instance: &Instance,
    certificate: &Certificate,
) -> Result<Administrator, Failure> {
    let administrator = administrator(certificate)?;
    let path = kept(instance, &administrator.serial);
    private::write_new(&path, certificate.to_pem().as_bytes())?;
    Ok(administrator)
}

/// Where a certificate is kept.
pub(super) fn kept(instance: &Instance, serial: &str) -> PathBuf {
    instance.path(ISSUED).join(format!("{serial}.pem"))
}

pub(super) fn administrator(certificate: &Certificate) -> Result<Administrator, Failure> {
    let read = Administrator::of(certificate.to_der());
    read.map_err(|error| Failure::file("understand", Path::new("the certificate"), error))
}

/// Adds a line to the list of the revoked, and gives the list to each service.
///
/// A run that was interrupted may have come as far as some of the services, so what any list has is kept in all of them.
pub(super) fn revoke(instance: &Instance, line: &str) -> Result<(), Failure> {
    let ours = revoked_file(instance);
    let mut paths: Vec<_> = services::of(&instance.manifest)
        .into_iter()
        .map(|service| Revoked::beside(&instance.service(service).join("admin-ca.pem")))
        .collect();
    // Ours last: a run that was interrupted is then done again.
    paths.push(ours);
    let lists: Vec<_> = paths
        .iter()
        .rev()
        .map(|path| list(path))
        .collect::<Result<_, _>>()?;
    let text = together(&lists, line);
    paths.iter().try_for_each(|path| replace(path, &text))
}

fn list(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| Failure::file("read", path, error)),
    }
}

/// The lines of all lists, each once, and `line` behind them.
fn together(lists: &[String], line: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let listed = lists.iter().flat_map(|list| list.lines());
    for each in listed.chain([line]) {
        if !lines.contains(&each) {
            lines.push(each);
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let written = sigstead_durable::replace(path, text.as_bytes());
    written.map_err(|error| Failure::file("write", path, error))
}

fn revoked(instance: &Instance) -> Result<Revoked, Failure> {
    let path = revoked_file(instance);
    Revoked::read(&path)
        .map_err(|error| Failure::file("understand", &path, sigstead_kit::causes(&error)))
}

fn revoked_file(instance: &Instance) -> PathBuf {
    Revoked::beside(&instance.path(CERTIFICATE))
}

pub(super) fn unknown() -> Failure {
    Failure::new(
        "E-CTL-373",
        "the instance issued no such certificate to an administrator",
        "`sigctl admin list` shows all of them",
    )
}

/// The certificate of the instance's own tools.
pub(super) const OWN: &str = "trust/admin-client.pem";
const CERTIFICATE: &str = "trust/admin-ca.pem";
const KEY: &str = "trust/admin-ca.key";
const ISSUED: &str = "trust/admins";
/// There from the making of the next authority until it issues.
const NEXT: &str = "trust/admin-ca-next.pem";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interrupted_run_told_one_service_stays_revoked() {
        let ours = "# people\n01 Ada".to_owned();
        let of_service = "# people\n01 Ada\n02 Bob\n".to_owned();
        let lists = [ours, of_service, String::new()];
        assert_eq!(
            together(&lists, "03 Cleo"),
            "# people\n01 Ada\n02 Bob\n03 Cleo\n"
        );
        assert_eq!(together(&lists, "02 Bob"), "# people\n01 Ada\n02 Bob\n");
    }
}
