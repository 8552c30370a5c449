//! The next key of an authority, and its certificate.

use std::path::Path;

use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;
use sigstead_x509::Certificate;

use super::part::ChainPlan;
use super::role::Authority;
use crate::failure::Failure;
use crate::init::secret::Vault;
use crate::instance::Instance;
use crate::replace::replace;
use crate::rotate::moment::shown;

/// Makes the key, unless an earlier run came as far as that, and its chain, which it gives with the certificate of the key
/// first.
pub(super) async fn make<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
) -> Result<Vec<Certificate>, Failure> {
    let folder = instance.service(A::SERVICE);
    let path = folder.join(plan.key());
    let vault = Vault::open(instance)?;
    let key = match path.exists() {
        true => vault.open_key(&path)?,
        false => make_key(&vault, &path)?,
    };
    let root = A::root(instance, &vault, plan).await?;
    let leaf = A::certificate(instance, &root, key.public_key(), plan).await?;
    if leaf.not_after() <= plan.counts_from + plan.drain.time() {
        return Err(Failure::new(
            "E-CTL-287",
            format!(
                "the next certificate would end on {}",
                shown(leaf.not_after())
            ),
            format!(
                "the root of {} ends too soon; it must be replaced first",
                A::NAME
            ),
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

/// Removes both, which nobody was told of or nobody may use.
pub(super) fn remove<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
) -> Result<(), Failure> {
    let folder = instance.service(A::SERVICE);
    for path in [folder.join(plan.key()), folder.join(plan.chain())] {
        if path.exists() {
            sigstead_durable::remove(&path)
                .map_err(|error| Failure::file("remove", &path, error))?;
        }
    }
    Ok(())
}
