//! The next key of the timestamp authority, and its certificate of the same root.

use std::fs;
use std::path::Path;

use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;
use sigstead_x509::Certificate;

use super::part::TsaPlan;
use crate::failure::Failure;
use crate::init::authority::{Issuer, time_stamping_certificate};
use crate::init::secret::Vault;
use crate::instance::{Instance, Service};
use crate::replace::replace;
use crate::rotate::moment::shown;

/// Makes the key, unless an earlier run came as far as that, and its chain, which it gives with the certificate of the key
/// first.
pub(super) async fn make(instance: &Instance, plan: &TsaPlan) -> Result<Vec<Certificate>, Failure> {
    let folder = instance.service(Service::Tsa);
    let path = folder.join(plan.key());
    let vault = Vault::open(instance)?;
    let key = match path.exists() {
        true => vault.open_key(&path)?,
        false => make_key(&vault, &path)?,
    };
    let root = root(instance, &vault)?;
    let leaf = time_stamping_certificate(instance, &root, key.public_key(), plan.begun).await?;
    if leaf.not_after() <= plan.counts_from + plan.drain.time() {
        return Err(Failure::new(
            "E-CTL-287",
            format!(
                "the next certificate would end on {}",
                shown(leaf.not_after())
            ),
            "the root of the timestamp authority ends too soon; it must be replaced first",
        ));
    }
    let chain = vec![leaf, root.certificate];
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    let file = folder.join(plan.chain());
    replace(&file, pem.as_bytes()).map_err(|error| Failure::file("write", &file, error))?;
    Ok(chain)
}

/// The file belongs to whom its folder belongs, who need not be the one that runs this program.
fn make_key(vault: &Vault, path: &Path) -> Result<PrivateKey, Failure> {
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256);
    let key = key.map_err(|error| Failure::file("make", path, error))?;
    let sealed = vault.seal(&key, path)?;
    replace(path, sealed.as_bytes()).map_err(|error| Failure::file("write", path, error))?;
    Ok(key)
}

/// Refuses if what makes the next key is not here.
pub(super) fn check(instance: &Instance) -> Result<(), Failure> {
    root(instance, &Vault::open(instance)?).map(drop)
}

/// Removes both, which nobody was told of or nobody may use.
pub(super) fn remove(instance: &Instance, plan: &TsaPlan) -> Result<(), Failure> {
    let folder = instance.service(Service::Tsa);
    for path in [folder.join(plan.key()), folder.join(plan.chain())] {
        if path.exists() {
            sigstead_durable::remove(&path)
                .map_err(|error| Failure::file("remove", &path, error))?;
        }
    }
    Ok(())
}

/// The root that `init` made. Where its key is kept elsewhere, somebody has to bring it.
fn root(instance: &Instance, vault: &Vault) -> Result<Issuer, Failure> {
    let (certificate, key) = (
        instance.path("trust/tsa-root.pem"),
        instance.path("trust/tsa-root.key"),
    );
    if !key.exists() {
        return Err(Failure::new(
            "E-CTL-288",
            format!(
                "the key of the root of the timestamp authority is not at {}",
                key.display()
            ),
            "bring it back for this step; it signs the certificate of the next key",
        ));
    }
    Ok(Issuer {
        certificate: certificate_of(&certificate)?,
        signer: vault.open_key(&key)?.into_signer(),
    })
}

fn certificate_of(path: &Path) -> Result<Certificate, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let pem = fs::read_to_string(path).map_err(|error| failed(&error))?;
    Certificate::from_pem(&pem).map_err(|error| failed(&error))
}
