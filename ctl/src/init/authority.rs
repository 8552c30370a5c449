//! The authorities of an instance: code signing, time stamping, TLS and administration, each apart from the others.

use std::path::PathBuf;
use std::sync::Arc;

use sigstead_key::Algorithm;
use sigstead_signer::{PrivateKey, Signer};
use sigstead_x509::{Certificate, Validity};
use time::OffsetDateTime;

use super::certificates::{
    Holder, Issuer, Shown, code_signing_certificate, of_root, root_certificate, ten_years,
    time_stamping_certificate, tls_certificate,
};
use super::instance_key::InstanceKey;
use super::keys::Keys;
use super::root_keys::RootKeys;
use super::secret::{unusable, write_private};
use super::write;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::services;
use crate::tls_files::SUBMITTER;

/// The chains that the trust root lists, each with its root last.
pub(super) struct Authorities {
    /// Intermediate and root of code signing.
    pub(super) code_signing: Vec<Certificate>,
    /// Signing certificate and root of time stamping.
    pub(super) time_stamping: Vec<Certificate>,
}

pub(super) async fn make(
    instance: &Instance,
    keys: &mut Keys<'_>,
    roots: RootKeys,
    now: OffsetDateTime,
) -> Result<Authorities, Failure> {
    let mut maker = Maker {
        instance,
        keys,
        roots,
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

struct Maker<'a, 'k> {
    instance: &'a Instance,
    keys: &'a mut Keys<'k>,
    roots: RootKeys,
    now: OffsetDateTime,
}

impl Maker<'_, '_> {
    async fn code_signing(&mut self) -> Result<Vec<Certificate>, Failure> {
        let root = self
            .root(
                InstanceKey::CaRoot,
                "code signing root",
                of_root(self.instance, self.now),
            )
            .await?;
        let key = self.keys.make(InstanceKey::Ca).await?;
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

    async fn time_stamping(&mut self) -> Result<Vec<Certificate>, Failure> {
        let root = self
            .root(
                InstanceKey::TsaRoot,
                "time stamping root",
                of_root(self.instance, self.now),
            )
            .await?;
        let key = self.keys.make(InstanceKey::Tsa).await?;
        let leaf =
            time_stamping_certificate(self.instance, &root, key.public_key(), self.now).await?;
        let chain = vec![leaf, root.certificate];
        write(&self.instance.path("tsa/chain.pem"), pem(&chain).as_bytes())?;
        Ok(chain)
    }

    /// Who may administer: a certificate for each service's admin listener, and one for the operator.
    async fn administration(&mut self) -> Result<(), Failure> {
        let ca = self
            .root(InstanceKey::AdminCa, "administration", ten_years(self.now))
            .await?;
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

    async fn tls(&mut self) -> Result<(), Failure> {
        let ca = self
            .root(InstanceKey::TlsCa, "TLS", ten_years(self.now))
            .await?;
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

    /// A self-signed root, beside its key or what says where that is, unless the key is thrown away; no service opens it.
    async fn root(
        &mut self,
        key: InstanceKey,
        role: &str,
        validity: Validity,
    ) -> Result<Issuer, Failure> {
        let signer = match self.roots {
            RootKeys::Elsewhere if key.is_root_of_clients() => ephemeral(key, self.instance)?,
            _ => self.keys.make(key).await?,
        };
        let certificate = root_certificate(self.instance, role, &signer, validity).await?;
        let path = key.path(self.instance).with_extension("pem");
        write(&path, certificate.to_pem().as_bytes())?;
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

/// A key that nobody has once this program is done with it.
fn ephemeral(key: InstanceKey, instance: &Instance) -> Result<Arc<dyn Signer>, Failure> {
    sigstead_signer::ephemeral(key.algorithm())
        .map_err(|error| unusable(&key.path(instance), &error))
}

fn pem(chain: &[Certificate]) -> String {
    chain.iter().map(Certificate::to_pem).collect()
}
