//! Files that a configuration names.

use std::path::Path;

use sigstead_key::{Algorithm, PublicKey};

use crate::error::Error;

pub(crate) async fn read_text(path: &Path) -> Result<String, Error> {
    tokio::fs::read_to_string(path)
        .await
        .map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })
}

/// RFC 6962 §2.1.4 knows two kinds of keys.
pub(crate) async fn read_log_key(path: &Path) -> Result<PublicKey, Error> {
    let key = PublicKey::from_pem(&read_text(path).await?).map_err(|source| Error::CtLogKey {
        path: path.to_owned(),
        source,
    })?;
    let algorithm = key.algorithm();
    if algorithm != Algorithm::EcdsaP256Sha256 && !algorithm.is_rsa() {
        return Err(Error::CtLogKeyKind {
            path: path.to_owned(),
        });
    }
    Ok(key)
}
