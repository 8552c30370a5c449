//! Keys in files.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::private_file;
use crate::{Error, PrivateKey, Signer};

/// Reads a key file. Deriving the key from the passphrase takes time on purpose, so it runs beside the event loop.
pub(crate) async fn open(
    path: &Path,
    passphrase_file: Option<&Path>,
) -> Result<Arc<dyn Signer>, Error> {
    let (path, passphrase_file) = (path.to_owned(), passphrase_file.map(Path::to_owned));
    let read = move || {
        let pem = Zeroizing::new(private_file::read(&path)?);
        let pem = std::str::from_utf8(&pem).map_err(|_| Error::Malformed)?;
        let key = match passphrase_file {
            Some(file) => PrivateKey::from_encrypted_pem(pem, &passphrase(&file)?),
            None => PrivateKey::from_pem(pem),
        }?;
        Ok(key.into_signer())
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| Error::Library)?
}

fn passphrase(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut passphrase = Zeroizing::new(private_file::read(path)?);
    while passphrase
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        passphrase.pop();
    }
    Ok(passphrase)
}
