//! The certificates that an instance's authorities make, at `init` and when a key is replaced.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

use sigstead_key::PublicKey;
use sigstead_kit::Role;
use sigstead_signer::Signer;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TimestampingProfile, TlsProfile, TlsRole,
    UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};

use super::secret::unusable;
use crate::failure::Failure;
use crate::instance::Instance;

/// A certificate that issues others, with its key.
pub(crate) struct Issuer {
    pub(crate) certificate: Certificate,
    pub(crate) signer: Arc<dyn Signer>,
}

/// Who shows a certificate of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A service to those who call it.
    Server,
    /// The operator to the admin interfaces.
    Owner,
    /// The `ca` to the CT log.
    Submitter,
    /// The CT log in a cluster to the `ca`.
    Log,
}

impl Holder {
    const fn role(self) -> TlsRole {
        match self {
            Self::Server | Self::Log => TlsRole::Server,
            Self::Owner | Self::Submitter => TlsRole::Client,
        }
    }

    fn uris(self) -> Vec<String> {
        match self {
            Self::Server | Self::Log | Self::Submitter => Vec::new(),
            Self::Owner => vec![Role::Owner.uri()],
        }
    }
}

/// A certificate of TLS and who shows it.
pub(crate) struct Shown<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: &'a PublicKey,
    pub(crate) holder: Holder,
}

/// A certificate of TLS for two years or as long as its authority is valid. It names this machine, and the host that clients
/// dial.
pub(crate) async fn tls_certificate(
    instance: &Instance,
    authority: &Issuer,
    shown: Shown<'_>,
    now: OffsetDateTime,
) -> Result<Certificate, Failure> {
    let path = instance.path("trust");
    let (mut dns_names, ip_addresses) = hosts(instance);
    if shown.holder == Holder::Log {
        dns_names.push(submission_service(instance));
    }
    let two_years = now + Duration::days(365 * 2);
    let profile = TlsProfile {
        subject: name(instance, shown.name),
        public_key: shown.key.clone(),
        dns_names,
        ip_addresses,
        uris: shown.holder.uris(),
        role: shown.holder.role(),
        validity: Validity {
            not_before: now.max(authority.certificate.not_before()),
            not_after: two_years.min(authority.certificate.not_after()),
        },
        serial: serial()?,
    };
    let unsigned = profile
        .issued_by(&authority.certificate)
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, &authority.signer, &path).await
}

/// The name by which a cluster knows the place where certificates are entered. Who makes the certificate knows neither the
/// namespace nor the name of the release.
pub(crate) fn submission_service(instance: &Instance) -> String {
    format!("submission-{}", instance.manifest.name)
}

/// This machine, and the host that clients dial.
fn hosts(instance: &Instance) -> (Vec<String>, Vec<IpAddr>) {
    let mut names = vec!["localhost".to_owned()];
    let mut addresses = vec![
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let listen = instance.manifest.listen_address();
    if !listen.is_unspecified() && !addresses.contains(&listen) {
        addresses.push(listen);
    }
    let host = &instance.manifest.host;
    match host.trim_matches(['[', ']']).parse() {
        Ok(address) if !addresses.contains(&address) => addresses.push(address),
        Ok(_) => {}
        Err(_) if host != "localhost" => names.push(host.clone()),
        Err(_) => {}
    }
    (names, addresses)
}

/// A certificate that a key signs for itself.
pub(crate) async fn root_certificate(
    instance: &Instance,
    role: &str,
    signer: &Arc<dyn Signer>,
    validity: Validity,
) -> Result<Certificate, Failure> {
    let path = instance.path("trust");
    let profile = CaProfile {
        subject: name(instance, role),
        public_key: signer.public_key().clone(),
        validity,
        kind: CaKind::Root,
        serial: serial()?,
    };
    let unsigned = profile
        .self_signed()
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, signer, &path).await
}

/// A root as another one certifies it, until that one ends.
pub(crate) async fn certified_root(
    instance: &Instance,
    root: &Certificate,
    by: &Issuer,
) -> Result<Certificate, Failure> {
    let path = instance.path("trust");
    let profile = CaProfile {
        subject: root.subject_name(),
        public_key: root.public_key().clone(),
        validity: Validity {
            not_before: root.not_before().max(by.certificate.not_before()),
            not_after: root.not_after().min(by.certificate.not_after()),
        },
        kind: CaKind::Root,
        serial: serial()?,
    };
    let unsigned = profile
        .certified_by(&by.certificate)
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, &by.signer, &path).await
}

/// A certificate for issuing others to signers, of the root of its kind.
pub(crate) async fn code_signing_certificate(
    instance: &Instance,
    root: &Issuer,
    key: &PublicKey,
    role: &str,
    now: OffsetDateTime,
) -> Result<Certificate, Failure> {
    let path = instance.path("trust/ca-root.key");
    let profile = CaProfile {
        subject: name(instance, role),
        public_key: key.clone(),
        validity: below(instance, root, now),
        kind: CaKind::CodeSigning,
        serial: serial()?,
    };
    let unsigned = profile
        .issued_by(&root.certificate)
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, &root.signer, &path).await
}

/// A certificate for stamping time, of the root of its kind.
pub(crate) async fn time_stamping_certificate(
    instance: &Instance,
    root: &Issuer,
    key: &PublicKey,
    now: OffsetDateTime,
) -> Result<Certificate, Failure> {
    let path = instance.path("trust/tsa-root.key");
    let profile = TimestampingProfile {
        subject: name(instance, "time stamping"),
        public_key: key.clone(),
        validity: below(instance, root, now),
        serial: serial()?,
    };
    let unsigned = profile
        .issued_by(&root.certificate)
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, &root.signer, &path).await
}

/// That of a root of signers, as long as the instance says.
pub(crate) fn of_root(instance: &Instance, now: OffsetDateTime) -> Validity {
    Validity {
        not_before: now,
        not_after: now + instance.manifest.lifetimes.root.time(),
    }
}

/// That of an authority whose certificates only this instance reads.
pub(crate) fn ten_years(now: OffsetDateTime) -> Validity {
    Validity {
        not_before: now,
        not_after: now + Duration::days(365 * 10),
    }
}

/// As long as the instance says, and no longer than the root.
fn below(instance: &Instance, root: &Issuer, now: OffsetDateTime) -> Validity {
    let lifetime = instance.manifest.lifetimes.authority.time();
    Validity {
        not_before: now,
        not_after: (now + lifetime).min(root.certificate.not_after()),
    }
}

pub(crate) fn name(instance: &Instance, role: &str) -> Name {
    Name {
        organization: instance.manifest.name.clone(),
        common_name: format!("{} {role}", instance.manifest.name),
    }
}

async fn sign(
    unsigned: UnsignedCertificate,
    signer: &Arc<dyn Signer>,
    path: &Path,
) -> Result<Certificate, Failure> {
    let signature = signer
        .sign(unsigned.bytes_to_sign())
        .await
        .map_err(|error| unusable(path, &error))?;
    unsigned
        .sign_with(signature)
        .map_err(|error| unusable(path, &error))
}

fn serial() -> Result<SerialNumber, Failure> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(Failure::randomness)?;
    Ok(SerialNumber::from_random(random))
}
