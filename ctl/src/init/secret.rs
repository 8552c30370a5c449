//! The passphrase of an instance, and keys that it protects.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::private;

/// Makes keys that only the instance's passphrase opens.
pub(crate) struct Vault {
    passphrase: Vec<u8>,
}

impl Vault {
    pub(crate) fn open(instance: &Instance) -> Result<Self, Failure> {
        let passphrase = instance.passphrase()?;
        if passphrase.is_empty() {
            // Keys would be encrypted in form only.
            return Err(Failure::new(
                "E-CTL-012",
                format!("{} is empty", instance.passphrase_file().display()),
                "write a passphrase into it, or leave --passphrase-file out for a random one",
            ));
        }
        Ok(Self { passphrase })
    }

    /// Makes keys that a passphrase opens which is not the instance's.
    pub(crate) const fn with(passphrase: Vec<u8>) -> Self {
        Self { passphrase }
    }

    /// Makes a key and writes it encrypted, durably: what a service remembers under the key survives a power cut too.
    pub(crate) fn make(&self, path: &Path, algorithm: Algorithm) -> Result<PrivateKey, Failure> {
        let failed = |error: sigstead_signer::Error| unusable(path, &error);
        let key = PrivateKey::generate(algorithm).map_err(failed)?;
        let pem = key.to_encrypted_pem(&self.passphrase).map_err(failed)?;
        write_private(path, pem.as_bytes())?;
        make_durable(path).map_err(|error| Failure::file("write", path, error))?;
        Ok(key)
    }

    /// The form in which a key is kept: PEM that the passphrase opens.
    pub(crate) fn seal(&self, key: &PrivateKey, path: &Path) -> Result<String, Failure> {
        let sealed = key.to_encrypted_pem(&self.passphrase);
        let sealed = sealed.map_err(|error| unusable(path, &error))?;
        Ok(sealed.to_string())
    }

    /// Opens a key that was made so.
    pub(crate) fn open_key(&self, path: &Path) -> Result<PrivateKey, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("open", path, error);
        let pem = private::read(path, LARGEST).map_err(|error| failed(&error))?;
        let pem = String::from_utf8(pem).map_err(|error| failed(&error))?;
        let key = PrivateKey::from_encrypted_pem(&pem, &self.passphrase);
        let key = key.map_err(|error| failed(&error))?;
        sigstead_signer::refuse_unpublished(key.public_key()).map_err(|error| failed(&error))?;
        Ok(key)
    }
}

fn make_durable(path: &Path) -> std::io::Result<()> {
    let file = sigstead_durable::open(path)?;
    sigstead_durable::sync(&file)?;
    sigstead_durable::sync_directory(sigstead_durable::parent(path))
}

/// Where the passphrase is: the caller's file, or a new one in the instance.
pub(super) fn passphrase_file(given: Option<&Path>, directory: &Path) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        refuse_open_to_others(given)?;
        return fs::canonicalize(given).map_err(|error| Failure::file("read", given, error));
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Failure::randomness)?;
    let text = format!("{}\n", URL_SAFE_NO_PAD.encode(random));
    write_private(&directory.join(PASSPHRASE), text.as_bytes())?;
    Ok(PathBuf::from(PASSPHRASE))
}

/// A passphrase that others read protects nothing, and the services would not start with it.
pub(crate) fn refuse_open_to_others(path: &Path) -> Result<(), Failure> {
    let open = sigstead_signer::open_to_others(path);
    if open
        .map_err(|error| Failure::file("read", path, error))?
        .is_none()
    {
        return Ok(());
    }
    let shown = path.display();
    Err(Failure::new(
        "E-CTL-075",
        format!("the passphrase in {shown} can be read by others than its owner"),
        format!("chmod 600 {shown}"),
    )
    .exit(Exit::Refused))
}

/// Writes a file that only its owner reads, from the first byte on.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    private::write_new(path, bytes)
}

/// A key that cannot be made or used.
pub(super) fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        format!("the key or certificate {} cannot be made", path.display()),
        "the cause says which rule it breaks",
    )
    .because(error)
}

const PASSPHRASE: &str = "passphrase";
/// More than the largest key has.
const LARGEST: u64 = 64 << 10;
