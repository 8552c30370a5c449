//! A certificate and its key, and those that take their place.

use std::path::PathBuf;

use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::init::certificates::{Holder, Issuer, Shown, tls_certificate};
use crate::instance::{Instance, Service};
use crate::replace::replace;
use crate::tls_files::{self, SUBMITTER};

/// A pair of files, `PLACE.pem` and `PLACE.key`; the next ones are beside them until they are taken up.
pub(in crate::rotate) struct Pair {
    /// The service that shows it to those who call.
    pub(in crate::rotate) service: Option<Service>,
    /// Who holds it.
    pub(in crate::rotate) holder: Holder,
    folder: PathBuf,
    /// The folder as plans and messages name it.
    shown: &'static str,
    name: &'static str,
}

impl Pair {
    /// That of a service, by its name in the folder of the service.
    pub(in crate::rotate) fn of(instance: &Instance, service: Service, name: &'static str) -> Self {
        Self {
            service: Some(service),
            holder: Holder::Server,
            folder: instance.service(service),
            shown: service.name(),
            name,
        }
    }

    /// With which the instance's own tools administer it.
    pub(in crate::rotate) fn of_operator(instance: &Instance) -> Self {
        Self {
            service: None,
            holder: Holder::Owner,
            folder: instance.path("trust"),
            shown: "trust",
            name: "admin-client",
        }
    }

    /// Which the certificate authority shows to the CT log.
    pub(in crate::rotate) fn of_submitter(instance: &Instance) -> Self {
        Self {
            service: None,
            holder: Holder::Submitter,
            folder: instance.service(Service::Ca),
            shown: Service::Ca.name(),
            name: SUBMITTER,
        }
    }

    /// As plans and messages name it.
    pub(in crate::rotate) fn place(&self) -> String {
        format!("{}/{}", self.shown, self.name)
    }

    /// The files in use are called so in the configuration of the service.
    pub(in crate::rotate) fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    pub(in crate::rotate) fn next_file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}-next.{ending}", self.name))
    }

    /// The certificate in use.
    pub(in crate::rotate) fn current(&self) -> Result<Certificate, Failure> {
        tls_files::certificate(&self.file("pem"))
    }

    /// The next certificate, if its key is there too.
    pub(in crate::rotate) fn next(&self) -> Result<Certificate, Failure> {
        let next = tls_files::certificate(&self.next_file("pem"))?;
        tls_files::key_of(&next, &self.next_file("key"))?;
        Ok(next)
    }

    /// Makes the next pair, unless an earlier run did. `above` comes behind the certificate in its file.
    pub(in crate::rotate) async fn make(
        &self,
        instance: &Instance,
        authority: &Issuer,
        above: &[Certificate],
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        // The certificate is written last.
        if self.next_file("pem").exists() {
            return Ok(());
        }
        let path = self.next_file("key");
        let failed = |error: sigstead_signer::Error| Failure::file("make", &path, error);
        let key = match self.holder {
            // Who reads it takes one key only.
            Holder::Submitter => {
                let key = tls_files::key_of(&self.current()?, &self.file("key"))?;
                PrivateKey::from_pem(&key).map_err(failed)?
            }
            Holder::Server | Holder::Owner | Holder::Log => {
                PrivateKey::generate(Algorithm::EcdsaP256Sha256).map_err(failed)?
            }
        };
        let shown = Shown {
            name: match self.holder {
                Holder::Owner => "operator",
                Holder::Server | Holder::Submitter | Holder::Log => self.shown,
            },
            key: key.public_key(),
            holder: self.holder,
        };
        let leaf = tls_certificate(instance, authority, shown, now).await?;
        write(&path, key.to_pem().map_err(failed)?.as_str())?;
        let chain = std::iter::once(&leaf).chain(above);
        write(
            &self.next_file("pem"),
            &chain.map(Certificate::to_pem).collect::<String>(),
        )
    }

    /// Puts the next pair in the place of the one in use.
    ///
    /// 1. The next key is written before the one in use.
    /// 2. The next certificate is written. From now on it is in use.
    ///
    /// A crash between the two leaves the pair in use as it was. The key before is taken out by [`Self::settle`].
    pub(in crate::rotate) fn install(&self) -> Result<(), Failure> {
        let next = self.next()?;
        let next_key = tls_files::key_of(&next, &self.next_file("key"))?;
        // Without a key the pair in use is of no use to anybody.
        let key = tls_files::key_of(&self.current()?, &self.file("key")).unwrap_or_default();
        write(&self.file("key"), &format!("{next_key}{key}"))?;
        write(&self.file("pem"), &tls_files::text(&self.next_file("pem"))?)
    }

    /// Leaves nothing of the pair before, once nobody uses it.
    pub(in crate::rotate) fn settle(&self) -> Result<(), Failure> {
        if !self.next_file("pem").exists() {
            return Ok(());
        }
        let key = tls_files::key_of(&self.current()?, &self.file("key"))?;
        write(&self.file("key"), &key)?;
        self.remove_next()
    }

    /// Leaves the certificate alone in its file.
    pub(in crate::rotate) fn shorten(&self) -> Result<(), Failure> {
        write(&self.file("pem"), &self.current()?.to_pem())
    }

    /// Removes the next pair.
    pub(in crate::rotate) fn remove_next(&self) -> Result<(), Failure> {
        for path in ["key", "pem"].map(|ending| self.next_file(ending)) {
            if path.exists() {
                sigstead_durable::remove(&path)
                    .map_err(|error| Failure::file("remove", &path, error))?;
            }
        }
        Ok(())
    }
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    replace(path, text.as_bytes()).map_err(|error| Failure::file("write", path, error))
}
