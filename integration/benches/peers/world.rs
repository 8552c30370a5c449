//! What all runs share: programs, the logs' key, the entries.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::v1::v1_entries;
use crate::workload::{SigningKey, pem, v2_entries};

/// The interface that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Face {
    V1,
    V2,
}

/// See the module.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// Where `make peers` put the others.
    pub(crate) peers: PathBuf,
    /// The key of every log, PKCS #8 in PEM.
    pub(crate) log_key: PathBuf,
    /// Its public half, SPKI in DER.
    pub(crate) log_spki: Vec<u8>,
    client: SigningKey,
    /// Unique entries, made once and sent to each contestant: each has a log of its own, and an empty one in each run.
    entries: Mutex<HashMap<Face, Arc<[Vec<u8>]>>>,
}

impl World {
    pub(crate) fn prepare(arguments: &Arguments) -> Result<Self> {
        let folder = TempDir::new()?;
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let key = key.ok().context("no key")?;
        let log_spki = key.public_key().as_der().ok().context("no public key")?;
        let log_key = folder.path().join("log.key");
        let der = key.to_pkcs8v1().ok().context("no private key")?;
        std::fs::write(&log_key, pem("PRIVATE KEY", der.as_ref()))?;
        std::fs::set_permissions(&log_key, PermissionsExt::from_mode(0o600))?;
        Ok(Self {
            peers: std::path::absolute(&arguments.peers)?,
            log_key,
            log_spki: log_spki.as_ref().to_vec(),
            folder,
            client: SigningKey::generate()?,
            entries: Mutex::default(),
        })
    }

    /// At least so many entries.
    pub(crate) fn entries(&self, face: Face, count: usize) -> Result<Arc<[Vec<u8>]>> {
        let mut made = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = made.get(&face).filter(|entries| entries.len() >= count) {
            return Ok(Arc::clone(entries));
        }
        let entries: Arc<[_]> = match face {
            Face::V1 => v1_entries(&self.client, count)?.into(),
            Face::V2 => v2_entries(&self.client, 0..count)?.into(),
        };
        made.insert(face, Arc::clone(&entries));
        Ok(entries)
    }

    /// A program of the peers.
    pub(crate) fn peer(&self, program: &str) -> Result<PathBuf> {
        let path = self.peers.join("bin").join(program);
        ensure!(
            path.exists(),
            "{program} is not installed; run `make peers`"
        );
        Ok(path)
    }

    /// Our log, of the profile that this program was built with.
    pub(crate) fn tlog() -> Result<PathBuf> {
        let program = PathBuf::from(sigstead_integration::sigctl().get_program())
            .with_file_name("sigstead-tlog");
        ensure!(program.exists(), "sigstead-tlog is not built for release");
        Ok(program)
    }

    /// Where the stores lie.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}
