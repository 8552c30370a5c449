//! Keys in files.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::key_config::FileKey;
use crate::{Error, PrivateKey, Signer, private_file};

/// Reads a key file. Deriving the key from the passphrase takes time on purpose, so it runs beside the event loop.
pub(crate) async fn open(key: &FileKey) -> Result<Arc<dyn Signer>, Error> {
    let FileKey {
        path,
        passphrase_file,
    } = key.clone();
    let read = move || {
        let pem = Zeroizing::new(private_file::read(&path)?);
        let pem = std::str::from_utf8(&pem).map_err(|_| Error::Malformed)?;
        let key = match passphrase_file {
            Some(file) => PrivateKey::from_encrypted_pem(pem, &private_file::read_secret(&file)?),
            None => PrivateKey::from_pem(pem),
        }?;
        Ok(key.into_signer())
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| Error::Library)?
}
