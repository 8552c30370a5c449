//! The keys of the operator. A file in `trust/` has such a key, which the passphrase of the instance opens, or says at which place of
//! a token or a server the key is.

use std::path::Path;
use std::sync::Arc;

use sigstead_signer::{KeyConfig, Signer};

use crate::failure::Failure;
use crate::init::secret::Vault;
use crate::instance::Instance;
use crate::replace::replace;
use crate::{key, private};

/// The key of a file as a configuration would name it.
pub(crate) fn config(instance: &Instance, file: &Path) -> Result<KeyConfig, Failure> {
    let in_file = || KeyConfig::file(file, Some(instance.passphrase_file()));
    Ok(place(file)?.unwrap_or_else(in_file))
}

/// Where a file says that its key is; `None` if it has the key itself. A file that cannot be read is told by who opens it.
pub(crate) fn place(file: &Path) -> Result<Option<KeyConfig>, Failure> {
    let Ok(bytes) = private::read(file, LARGEST) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    if text.trim_start().starts_with(PEM) {
        return Ok(None);
    }
    let place = sigstead_kit::parse_config::<KeyConfig>(&file.display().to_string(), &text);
    let place = place.map_err(|error| Failure::file("understand", file, error))?;
    Ok(Some(place.in_folder(sigstead_durable::parent(file))))
}

/// Opens the key of a file, wherever the key is.
pub(crate) async fn open(instance: &Instance, file: &Path) -> Result<Arc<dyn Signer>, Failure> {
    let place = config(instance, file)?;
    if place.path().is_some() {
        let key = Vault::open(instance)?.open_key(file)?;
        return Ok(key.into_signer());
    }
    let opened = sigstead_signer::open(&place).await;
    opened.map_err(|error| key::unusable(&place, &error))
}

/// What the file says of a key that is not in it.
pub(crate) fn naming(place: &KeyConfig) -> Result<String, Failure> {
    let text = sigstead_config::to_yaml(place);
    let text = text.map_err(|error| Failure::io("cannot write", std::io::Error::other(error)))?;
    Ok(format!("{HEAD}{text}"))
}

/// Writes that in the place of the file that would have the key. It belongs to whom its folder belongs.
pub(crate) fn write(file: &Path, place: &KeyConfig) -> Result<(), Failure> {
    let text = naming(place)?;
    replace(file, text.as_bytes()).map_err(|error| Failure::file("write", file, error))
}

const HEAD: &str = "# This key is in no file; it is where this says.\n";
const PEM: &str = "-----BEGIN";
/// More than the largest key has.
const LARGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::instance::Manifest;

    fn instance(folder: &Path) -> Instance {
        let yaml = "version: 1\nname: acme\nhost: localhost\ntls: false\nprofile: dev\ncreated: 2026-01-01T00:00:00Z\n\
                    passphrase_file: passphrase\nports: {}\n";
        let manifest: Manifest = sigstead_kit::parse_config(Instance::FILE, yaml).unwrap();
        Instance::new(folder.to_owned(), manifest)
    }

    #[test]
    fn a_file_has_the_key_or_says_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (instance, file) = (instance(folder.path()), folder.path().join("root.key"));
        let read = || config(&instance, &file).map_err(|failure| failure.whole());
        let in_file = KeyConfig::file(&file, Some(instance.passphrase_file()));

        assert_eq!(read(), Ok(in_file.clone()), "no file");
        fs::write(&file, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
        assert_eq!(read(), Ok(in_file));
        let place: KeyConfig = serde_json::from_value(
            json!({"uri": "pkcs11:token=site;object=a", "module": "/lib/p11.so", "pin_file": "/run/pin"}),
        )
        .unwrap();
        fs::write(&file, naming(&place).unwrap()).unwrap();
        assert_eq!(read(), Ok(place));
        for damaged in [
            "",
            "uri: elsewhere",
            "{",
            "uri: pkcs11:object=a\nmodule: a\n",
        ] {
            fs::write(&file, damaged).unwrap();
            let said = read().unwrap_err();
            assert!(said.starts_with("cannot understand"), "{damaged}: {said}");
        }
    }
}
