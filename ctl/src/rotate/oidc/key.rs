//! The next key of the issuer.

use std::sync::Arc;

use sigstead_key::Algorithm;
use sigstead_signer::{KeyConfig, PrivateKey, Signer};

use super::part::OidcPlan;
use crate::failure::Failure;
use crate::init::secret::Vault;
use crate::instance::{Instance, Service};
use crate::key::{KeyRole, open_or_make, unusable};
use crate::replace::replace;
use crate::token;

/// A key with its name in the key set.
pub(super) struct NamedKey {
    pub(super) id: String,
    pub(super) key: Arc<dyn Signer>,
}

/// Makes the key, unless an earlier run came as far as that.
///
/// The file belongs to whom its folder belongs, who need not be the one that runs this program.
pub(super) async fn make(instance: &Instance, plan: &OidcPlan) -> Result<NamedKey, Failure> {
    if let Some(place) = &plan.next_key_at {
        return named(open_or_make(place, KeyRole::Oidc, ALGORITHM).await?);
    }
    let path = instance.service(Service::Oidc).join(plan.key());
    if !path.exists() {
        let vault = Vault::open(instance)?;
        let key = PrivateKey::generate(ALGORITHM);
        let key = key.map_err(|error| Failure::file("make", &path, error))?;
        let sealed = vault.seal(&key, &path)?;
        replace(&path, sealed.as_bytes()).map_err(|error| Failure::file("write", &path, error))?;
    }
    next(instance, plan).await
}

/// Opens the next key.
pub(super) async fn next(instance: &Instance, plan: &OidcPlan) -> Result<NamedKey, Failure> {
    open(instance, &plan.key_config(instance)).await
}

/// Opens a key as the service names it.
pub(super) async fn open(instance: &Instance, config: &KeyConfig) -> Result<NamedKey, Failure> {
    let config = config.in_folder(&instance.service(Service::Oidc));
    let opened = sigstead_signer::open(&config).await;
    named(opened.map_err(|error| unusable(&config, &error))?)
}

/// Removes the key, which signed nothing. One that is elsewhere stays, for who looks after that place.
pub(super) fn remove(instance: &Instance, plan: &OidcPlan) -> Result<(), Failure> {
    let path = instance.service(Service::Oidc).join(plan.key());
    match path.exists() {
        true => {
            sigstead_durable::remove(&path).map_err(|error| Failure::file("remove", &path, error))
        }
        false => Ok(()),
    }
}

fn named(key: Arc<dyn Signer>) -> Result<NamedKey, Failure> {
    let id = token::key_id(key.public_key().spki_der()).ok_or_else(token::not_rsa)?;
    Ok(NamedKey { id, key })
}

const ALGORITHM: Algorithm = Algorithm::RsaPkcs1v15_2048Sha256;
