//! The next key of the issuer.

use std::path::Path;

use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;

use super::part::OidcPlan;
use crate::failure::Failure;
use crate::init::secret::Vault;
use crate::instance::{Instance, Service};
use crate::replace::replace;
use crate::token;

/// A key with its name in the key set.
pub(super) struct NamedKey {
    pub(super) id: String,
    pub(super) key: PrivateKey,
}

/// Makes the key, unless an earlier run came as far as that.
///
/// The file belongs to whom its folder belongs, who need not be the one that runs this program.
pub(super) fn make(instance: &Instance, plan: &OidcPlan) -> Result<NamedKey, Failure> {
    let path = instance.service(Service::Oidc).join(plan.key());
    if !path.exists() {
        let vault = Vault::open(instance)?;
        let key = PrivateKey::generate(Algorithm::RsaPkcs1v15_2048Sha256);
        let key = key.map_err(|error| Failure::file("make", &path, error))?;
        let sealed = vault.seal(&key, &path)?;
        replace(&path, sealed.as_bytes()).map_err(|error| Failure::file("write", &path, error))?;
    }
    open(instance, &plan.key())
}

/// Opens a key in the folder of the service.
pub(super) fn open(instance: &Instance, file: &Path) -> Result<NamedKey, Failure> {
    let path = instance.service(Service::Oidc).join(file);
    let key = Vault::open(instance)?.open_key(&path)?;
    let id = token::key_id(key.public_key().spki_der()).ok_or_else(token::not_rsa)?;
    Ok(NamedKey { id, key })
}

/// Removes the key, which signed nothing.
pub(super) fn remove(instance: &Instance, plan: &OidcPlan) -> Result<(), Failure> {
    let path = instance.service(Service::Oidc).join(plan.key());
    match path.exists() {
        true => {
            sigstead_durable::remove(&path).map_err(|error| Failure::file("remove", &path, error))
        }
        false => Ok(()),
    }
}
