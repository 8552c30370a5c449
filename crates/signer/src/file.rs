//! Keys in files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{Error, PrivateKey, Signer};

/// Reads a key file. Deriving the key from the passphrase takes time on purpose, so it runs beside the event loop.
pub(crate) async fn open(
    path: &Path,
    passphrase_file: Option<&Path>,
) -> Result<Arc<dyn Signer>, Error> {
    let (path, passphrase_file) = (path.to_owned(), passphrase_file.map(Path::to_owned));
    let read = move || {
        let pem = Zeroizing::new(private(&path)?);
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
    let mut passphrase = Zeroizing::new(private(path)?);
    while passphrase
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        passphrase.pop();
    }
    Ok(passphrase)
}

/// Reads a file that nobody but its owner may read.
fn private(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::OpenToOthers {
            path: path.to_owned(),
        });
    }
    fs::read(path).map_err(failed)
}
