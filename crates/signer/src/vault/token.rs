//! The token of a service, which is read from its file for each call.

use std::path::Path;

use zeroize::Zeroizing;

use crate::{Error, private_file};

/// The token in a file that nobody else reads.
pub(super) async fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let file = path.to_owned();
    let read = move || {
        let octets = private_file::read_secret(&file)?;
        let text = std::str::from_utf8(&octets).unwrap_or_default();
        if text.is_empty() {
            let why = "a token is one line of text".to_owned();
            return Err(Error::VaultFile { path: file, why });
        }
        Ok(Zeroizing::new(text.to_owned()))
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|_| Error::Library)?
}

/// Where a token asks about itself.
pub(super) const LOOKUP: &str = "auth/token/lookup-self";
