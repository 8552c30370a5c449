//! A key that is at its place, or is made there.

use std::sync::Arc;

use sigstead_key::Algorithm;
use sigstead_signer::{Error, KeyConfig, Signer};

use super::place;
use super::role::KeyRole;
use super::shown::unusable;
use crate::failure::Failure;

/// Opens the key at a place, and makes it of `algorithm` if there is none yet. One that is there may have another that clients
/// take for `role`.
pub(crate) async fn open_or_make(
    place: &KeyConfig,
    role: KeyRole,
    algorithm: Algorithm,
) -> Result<Arc<dyn Signer>, Failure> {
    let opened = match sigstead_signer::open(place).await {
        Err(Error::KeyAbsent(_) | Error::VaultKeyAbsent { .. }) => {
            place::make(place, algorithm).await?;
            sigstead_signer::open(place).await
        }
        opened => opened,
    };
    let signer = opened.map_err(|error| unusable(place, &error))?;
    match role.wants_instead_of(signer.algorithm()) {
        None => Ok(signer),
        Some(wanted) => Err(Failure::new(
            "E-KEY-024",
            format!(
                "the key {place} is {}, and some client does not take it here",
                signer.algorithm().key_details()
            ),
            format!("use a key of {wanted}"),
        )),
    }
}

/// Whether a key is at a place, or several of that name are.
pub(crate) async fn is_there(place: &KeyConfig) -> Result<bool, Failure> {
    match sigstead_signer::open(place).await {
        Ok(_) | Err(Error::KeyAmbiguous(_)) => Ok(true),
        Err(Error::KeyAbsent(_) | Error::VaultKeyAbsent { .. }) => Ok(false),
        Err(error) => Err(unusable(place, &error)),
    }
}
