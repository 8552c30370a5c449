//! The next key of an authority, and its certificate.

use std::path::Path;
use std::sync::Arc;

use sigstead_key::{Algorithm, PublicKey};
use sigstead_signer::{KeyConfig, PrivateKey, Signer};
use sigstead_x509::Certificate;

use super::part::ChainPlan;
use super::role::Authority;
use super::{brought, root};
use crate::failure::Failure;
use crate::init::certificates::Issuer;
use crate::init::secret::Vault;
use crate::instance::Instance;
use crate::key::{KeyRole, open_or_make};
use crate::replace::replace;
use crate::rotate::moment::shown;
use crate::rotate::next_key::refuse_used;
use crate::rotate::plan::Phase;
use crate::trust::AuthorityKind;

/// Makes the key, unless an earlier run came as far as that, and its chain, which it gives with the certificate of the key
/// first.
pub(super) async fn make<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
) -> Result<Vec<Certificate>, Failure> {
    let folder = instance.service(A::SERVICE);
    let vault = Vault::open(instance)?;
    let key = match &plan.next_key_at {
        Some(place) => elsewhere(instance, plan, place).await?,
        None => in_file(&vault, &folder.join(plan.key()))?,
    };
    let chain = match root::here(instance, &vault, plan).await? {
        Some(root) => below(instance, root, key.public_key(), plan).await?,
        None => brought::chain(instance, plan, key.as_ref()).await?,
    };
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    let file = folder.join(plan.chain());
    replace(&file, pem.as_bytes()).map_err(|error| Failure::file("write", &file, error))?;
    Ok(chain)
}

/// The chain that a root issues whose key is here.
async fn below<A: Authority>(
    instance: &Instance,
    root: Issuer,
    key: &PublicKey,
    plan: &ChainPlan<A>,
) -> Result<Vec<Certificate>, Failure> {
    let leaf = A::certificate(instance, &root, key, plan).await?;
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
    Ok(vec![leaf, root.certificate])
}

fn in_file(vault: &Vault, path: &Path) -> Result<Arc<dyn Signer>, Failure> {
    let key = match path.exists() {
        true => vault.open_key(path)?,
        false => make_key(vault, path)?,
    };
    Ok(key.into_signer())
}

async fn elsewhere<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    place: &KeyConfig,
) -> Result<Arc<dyn Signer>, Failure> {
    let role = match A::KIND {
        AuthorityKind::Certificate => KeyRole::Ca,
        AuthorityKind::Timestamp => KeyRole::Tsa,
    };
    let key = open_or_make(place, role, Algorithm::EcdsaP256Sha256).await?;
    // A run that came as far as the announcement told clients of it.
    if plan.phase == Phase::Planned {
        refuse_used(instance, place, key.public_key())?;
    }
    Ok(key)
}

/// The file belongs to whom its folder belongs, who need not be the one that runs this program.
fn make_key(vault: &Vault, path: &Path) -> Result<PrivateKey, Failure> {
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256);
    let key = key.map_err(|error| Failure::file("make", path, error))?;
    let sealed = vault.seal(&key, path)?;
    replace(path, sealed.as_bytes()).map_err(|error| Failure::file("write", path, error))?;
    Ok(key)
}

/// Removes both, which nobody was told of or nobody may use, and what was asked for the key and answered. A key that is elsewhere stays, for who looks after that place.
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
    brought::Files::of(instance, plan).remove()
}
