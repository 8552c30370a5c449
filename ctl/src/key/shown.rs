//! What is said of a key.

use std::sync::Arc;

use serde::Serialize;
use sigstead_signer::{KeyConfig, Signer};

use crate::failure::Failure;

/// The public half of a key, and where the key is.
#[derive(Serialize)]
pub(super) struct Shown {
    /// Its URI.
    place: String,
    /// As protobuf-specs names it.
    pub(super) algorithm: &'static str,
    /// SHA-256 of the public key.
    pub(super) key: String,
    public_key: String,
}

impl Shown {
    pub(super) fn of(config: &KeyConfig, signer: &dyn Signer) -> Self {
        let public = signer.public_key();
        Self {
            place: config.to_string(),
            algorithm: public.algorithm().key_details(),
            key: public.fingerprint(),
            public_key: public.to_pem(),
        }
    }

    pub(super) fn text(&self) -> String {
        let line = format!("{}: {}, {}", self.place, self.algorithm, self.key);
        format!("{line}\n{}", self.public_key.trim_end())
    }
}

/// Opens a key as a service does, which has it sign. It may be of an algorithm that no role takes.
pub(super) async fn open(config: &KeyConfig) -> Result<Arc<dyn Signer>, Failure> {
    let opened = sigstead_signer::open_to_try(config).await;
    opened.map_err(|error| unusable(config, &error))
}

pub(crate) fn unusable(config: &KeyConfig, error: &sigstead_signer::Error) -> Failure {
    Failure::new(
        "E-KEY-023",
        format!("the key {config} cannot be used"),
        "the cause says why; `sigctl explain` tells more of its code",
    )
    .because(sigstead_kit::causes(error))
}
