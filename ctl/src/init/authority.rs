//! The authorities of an instance: code signing, time stamping, TLS and administration, each apart from the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::Arc;

use sigstead_key::{Algorithm, PublicKey};
use sigstead_kit::Role;
use sigstead_signer::{PrivateKey, Signer};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TimestampingProfile, TlsProfile, TlsRole,
    UnsignedCertificate, Validity,
};
use time::{Duration, OffsetDateTime};

use super::configuration::SUBMITTER;
use super::secret::{Vault, unusable, write_private};
use super::write;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::services;

/// The chains that the trust root lists, each with its root last.
pub(super) struct Authorities {
    /// Intermediate and root of code signing.
    pub(super) code_signing: Vec<Certificate>,
    /// Signing certificate and root of time stamping.
    pub(super) time_stamping: Vec<Certificate>,
}

pub(super) async fn make(
    instance: &Instance,
    vault: &Vault,
    now: OffsetDateTime,
) -> Result<Authorities, Failure> {
    let maker = Maker {
        instance,
        vault,
        now,
    };
    let authorities = Authorities {
        code_signing: maker.code_signing().await?,
        time_stamping: maker.time_stamping().await?,
    };
    maker.administration().await?;
    if instance.manifest.tls {
        maker.tls().await?;
    }
    Ok(authorities)
}

struct Maker<'a> {
    instance: &'a Instance,
    vault: &'a Vault,
    now: OffsetDateTime,
}

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
}

impl Holder {
    const fn role(self) -> TlsRole {
        match self {
            Self::Server => TlsRole::Server,
            Self::Owner | Self::Submitter => TlsRole::Client,
        }
    }

    fn uris(self) -> Vec<String> {
        match self {
            Self::Server | Self::Submitter => Vec::new(),
            Self::Owner => vec![Role::Owner.uri()],
        }
    }
}

impl Maker<'_> {
    async fn code_signing(&self) -> Result<Vec<Certificate>, Failure> {
        let root = self.root("trust/ca-root", "code signing root").await?;
        let path = self.instance.path("ca/keys/ca.key");
        let key = self.vault.make(&path, Algorithm::EcdsaP256Sha256)?;
        let key = key.public_key();
        let intermediate =
            code_signing_certificate(self.instance, &root, key, "code signing", self.now).await?;
        let chain = vec![intermediate, root.certificate];
        write(&self.instance.path("ca/chain.pem"), pem(&chain).as_bytes())?;
        let root = chain.last().map(Certificate::to_pem).unwrap_or_default();
        if self.instance.manifest.ct_log.is_own() {
            write(&self.instance.path("ctlog/roots.pem"), root.as_bytes())?;
        }
        Ok(chain)
    }

    async fn time_stamping(&self) -> Result<Vec<Certificate>, Failure> {
        let root = self.root("trust/tsa-root", "time stamping root").await?;
        let path = self.instance.path("tsa/keys/tsa.key");
        let key = self.vault.make(&path, Algorithm::EcdsaP256Sha256)?;
        let leaf =
            time_stamping_certificate(self.instance, &root, key.public_key(), self.now).await?;
        let chain = vec![leaf, root.certificate];
        write(&self.instance.path("tsa/chain.pem"), pem(&chain).as_bytes())?;
        Ok(chain)
    }

    /// Who may administer: a certificate for each service's admin listener, and one for the operator.
    async fn administration(&self) -> Result<(), Failure> {
        let ca = self.root("trust/admin-ca", "administration").await?;
        let ca_pem = ca.certificate.to_pem();
        for service in services::of(&self.instance.manifest) {
            let folder = self.instance.service(service);
            write(&folder.join("admin-ca.pem"), ca_pem.as_bytes())?;
            self.tls_pair(&ca, folder.join("admin"), service.name(), Holder::Server)
                .await?;
        }
        self.tls_pair(
            &ca,
            self.instance.path("trust/admin-client"),
            "operator",
            Holder::Owner,
        )
        .await
    }

    async fn tls(&self) -> Result<(), Failure> {
        let ca = self.root("trust/tls-ca", "TLS").await?;
        write(
            &self.instance.path("client/tls-ca.pem"),
            ca.certificate.to_pem().as_bytes(),
        )?;
        for service in services::of(&self.instance.manifest) {
            let place = self.instance.service(service).join("tls");
            self.tls_pair(&ca, place, service.name(), Holder::Server)
                .await?;
        }
        let ca_pem = ca.certificate.to_pem();
        let place = self.instance.service(Service::Ca);
        write(&place.join("tls-ca.pem"), ca_pem.as_bytes())?;
        if !self.instance.manifest.ct_log.is_own() {
            return Ok(());
        }
        let log = self.instance.service(Service::Ctlog);
        write(&log.join("tls-ca.pem"), ca_pem.as_bytes())?;
        self.tls_pair(&ca, place.join(SUBMITTER), "ca", Holder::Submitter)
            .await
    }

    /// A self-signed root; its key stays in `trust/` and no service opens it.
    async fn root(&self, place: &str, role: &str) -> Result<Issuer, Failure> {
        let path = self.instance.path(&format!("{place}.key"));
        let key = self.vault.make(&path, Algorithm::EcdsaP384Sha384)?;
        let signer = key.into_signer();
        let certificate = root_certificate(self.instance, role, &signer, self.now).await?;
        let pem = certificate.to_pem();
        write(&self.instance.path(&format!("{place}.pem")), pem.as_bytes())?;
        Ok(Issuer {
            certificate,
            signer,
        })
    }

    /// A certificate and its key as TLS libraries read them: `<place>.pem` and `<place>.key`.
    async fn tls_pair(
        &self,
        ca: &Issuer,
        place: PathBuf,
        name: &str,
        holder: Holder,
    ) -> Result<(), Failure> {
        let path = place.with_extension("key");
        let failed = |error: sigstead_signer::Error| unusable(&path, &error);
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).map_err(failed)?;
        write_private(&path, key.to_pem().map_err(failed)?.as_bytes())?;
        let shown = Shown {
            name,
            key: key.public_key(),
            holder,
        };
        let certificate = tls_certificate(self.instance, ca, shown, self.now).await?;
        write(
            &place.with_extension("pem"),
            certificate.to_pem().as_bytes(),
        )
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
    let (dns_names, ip_addresses) = hosts(instance);
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

/// A certificate that a key signs for itself, for ten years.
pub(crate) async fn root_certificate(
    instance: &Instance,
    role: &str,
    signer: &Arc<dyn Signer>,
    now: OffsetDateTime,
) -> Result<Certificate, Failure> {
    let path = instance.path("trust");
    let profile = CaProfile {
        subject: name(instance, role),
        public_key: signer.public_key().clone(),
        validity: Validity {
            not_before: now,
            not_after: now + Duration::days(365 * 10),
        },
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

/// A certificate for issuing others to signers, of the root of its kind, for five years or as long as the root is valid.
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
        validity: five_years(root, now),
        kind: CaKind::CodeSigning,
        serial: serial()?,
    };
    let unsigned = profile
        .issued_by(&root.certificate)
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, &root.signer, &path).await
}

/// A certificate for stamping time, of the root of its kind, for five years or as long as the root is valid.
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
        validity: five_years(root, now),
        serial: serial()?,
    };
    let unsigned = profile
        .issued_by(&root.certificate)
        .map_err(|error| unusable(&path, &error))?;
    sign(unsigned, &root.signer, &path).await
}

fn five_years(root: &Issuer, now: OffsetDateTime) -> Validity {
    Validity {
        not_before: now,
        not_after: (now + Duration::days(365 * 5)).min(root.certificate.not_after()),
    }
}

fn name(instance: &Instance, role: &str) -> Name {
    Name {
        organization: instance.manifest.name.clone(),
        common_name: format!("{} {role}", instance.manifest.name),
    }
}

async fn sign(
    unsigned: UnsignedCertificate,
    signer: &Arc<dyn Signer>,
    path: &std::path::Path,
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

fn pem(chain: &[Certificate]) -> String {
    chain.iter().map(Certificate::to_pem).collect()
}
