//! The files of the authority of now, of the next one, and of the one before.

use std::path::{Path, PathBuf};

use sigstead_key::Algorithm;
use sigstead_signer::{KeyConfig, PrivateKey};
use sigstead_x509::Certificate;

use super::part::AuthorityPlan;
use crate::failure::Failure;
use crate::init::certificates::{Issuer, certified_root, root_certificate, ten_years};
use crate::init::secret::Vault;
use crate::instance::Instance;
use crate::key::{KeyRole, open_or_make};
use crate::replace::replace;
use crate::rotate::leaves::open_authority;
use crate::rotate::moment::now;
use crate::rotate::next_key::{already_known, refuse_used};
use crate::rotate::soak::SKEW;
use crate::{operator_key, services, tls_files};

/// Where the authorities are.
pub(super) struct Files<'a> {
    instance: &'a Instance,
    number: u32,
    /// Where the next key is, if not in a file.
    next_key_at: Option<KeyConfig>,
}

impl<'a> Files<'a> {
    pub(super) fn of(instance: &'a Instance, plan: &AuthorityPlan) -> Self {
        Self {
            instance,
            number: plan.number,
            next_key_at: plan.next_key_at.clone(),
        }
    }

    /// Makes the next authority, unless an earlier run did: its key, its certificate, and the one that the authority of now
    /// gives it.
    pub(super) async fn make(&self) -> Result<Certificate, Failure> {
        let key = self.next("key");
        if !key.exists() {
            self.make_key(&key).await?;
        }
        if !self.next("pem").exists() {
            let signer = operator_key::open(self.instance, &key).await?;
            let role = format!("administration {}", self.number);
            let former = open_authority(self.instance, NAME).await?;
            let from = now() - SKEW.time();
            let root = root_certificate(self.instance, &role, &signer, ten_years(from)).await?;
            let certified = certified_root(self.instance, &root, &former).await?;
            write(&self.next("pem"), &pem(&[&root, &certified]))?;
        }
        tls_files::certificate(&self.next("pem"))
    }

    async fn make_key(&self, file: &Path) -> Result<(), Failure> {
        let Some(place) = &self.next_key_at else {
            let made = PrivateKey::generate(ALGORITHM);
            let made = made.map_err(|error| Failure::file("make", file, error))?;
            return write(file, &Vault::open(self.instance)?.seal(&made, file)?);
        };
        let key = open_or_make(place, KeyRole::Ca, ALGORITHM).await?;
        let mut trusted = self.trusted()?.into_iter();
        if trusted.any(|authority| authority.public_key() == key.public_key()) {
            return Err(already_known(place, &key.public_key().fingerprint()));
        }
        refuse_used(self.instance, place, key.public_key())?;
        operator_key::write(file, place)
    }

    /// The next authority, and the certificate that the one of now gave it: who trusts that one accepts what the next one
    /// issues.
    pub(super) async fn open_next(&self) -> Result<(Issuer, Vec<Certificate>), Failure> {
        let mut chain = tls_files::chain(&self.next("pem"))?.into_iter();
        let certificate = chain
            .next()
            .ok_or_else(|| Failure::file("understand", &self.next("pem"), "it is empty"))?;
        let issuer = Issuer {
            certificate,
            signer: operator_key::open(self.instance, &self.next("key")).await?,
        };
        Ok((issuer, chain.collect()))
    }

    /// Those that services and tools trust now, the one that issues first.
    pub(super) fn trusted(&self) -> Result<Vec<Certificate>, Failure> {
        tls_files::chain(&self.instance.path(TRUSTED))
    }

    /// Has services and tools trust these authorities, once they read their files again. The first of them issues.
    pub(super) fn trust(&self, authorities: &[&Certificate]) -> Result<(), Failure> {
        let text = pem(authorities);
        for service in services::of(&self.instance.manifest) {
            write(&self.instance.service(service).join("admin-ca.pem"), &text)?;
        }
        write(&self.instance.path(TRUSTED), &text)
    }

    /// Puts the key of the next authority where the one of now is, which is kept; done already if an earlier run came as far
    /// as that.
    ///
    /// A crash between the two leaves no key that issues, and the next one beside its place.
    pub(super) fn change_places(&self) -> Result<(), Failure> {
        let (issuing, next) = (self.instance.path("trust/admin-ca.key"), self.next("key"));
        if !next.exists() {
            return Ok(());
        }
        if issuing.exists() {
            rename(&issuing, &self.kept())?;
        }
        rename(&next, &issuing)
    }

    /// Where the key of the authority before is.
    pub(super) fn kept(&self) -> PathBuf {
        let name = format!("trust/admin-ca-before-{}.key", self.number);
        self.instance.path(&name)
    }

    /// Removes what is of the next authority alone.
    pub(super) fn remove_next(&self) -> Result<(), Failure> {
        for path in ["pem", "key"].map(|ending| self.next(ending)) {
            if path.exists() {
                sigstead_durable::remove(&path)
                    .map_err(|error| Failure::file("remove", &path, error))?;
            }
        }
        Ok(())
    }

    fn next(&self, ending: &str) -> PathBuf {
        self.instance.path(&format!("trust/admin-ca-next.{ending}"))
    }
}

fn pem(certificates: &[&Certificate]) -> String {
    certificates.iter().map(|each| each.to_pem()).collect()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    replace(path, text.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::file("rename", from, error);
    sigstead_durable::rename(from, to).map_err(failed)?;
    sigstead_durable::sync_directory(sigstead_durable::parent(to)).map_err(failed)
}

const ALGORITHM: Algorithm = Algorithm::EcdsaP384Sha384;
/// As its files are called in `trust/`.
pub(super) const NAME: &str = "admin-ca";
const TRUSTED: &str = "trust/admin-ca.pem";
