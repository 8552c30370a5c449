//! What all runs share: programs, the logs' key, the entries.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::authority::Authority;
use crate::certificates::certificate_requests;
use crate::provider::{AUDIENCE, Provider};
use crate::v1::v1_entries;
use crate::variant::{Curve, Variant};
use crate::workload::{SigningKey, pem, v2_entries};

/// The interface that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Face {
    V1,
    V2,
    /// Of an authority, with its CT log behind it.
    Certificate(Variant),
}

impl Face {
    /// Whether each request can be sent once only.
    pub(crate) const fn is_once(self) -> bool {
        match self {
            Self::V1 | Self::V2 => true,
            Self::Certificate(_) => false,
        }
    }
}

/// See the module.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// Where `make peers` put the others.
    pub(crate) peers: PathBuf,
    /// Where our own programs are.
    programs: PathBuf,
    /// The key of every log, PKCS #8 in PEM.
    pub(crate) log_key: PathBuf,
    /// The same as `EC PRIVATE KEY` (RFC 5915), which is all that some read.
    pub(crate) log_key_sec1: PathBuf,
    /// Its public half, SPKI in DER.
    pub(crate) log_spki: Vec<u8>,
    /// The same in PEM.
    pub(crate) log_public_key: PathBuf,
    /// The issuers of authorities, in Fulcio's own format.
    pub(crate) issuers: PathBuf,
    provider: Provider,
    authorities: [Authority; 2],
    client: SigningKey,
    /// Unique entries, made once and sent to each contestant: each has a log of its own, and an empty one in each run.
    entries: Mutex<HashMap<Face, Arc<[Vec<u8>]>>>,
}

impl World {
    pub(crate) async fn prepare(arguments: &Arguments) -> Result<Self> {
        let folder = TempDir::new()?;
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let key = key.ok().context("no key")?;
        let log_spki = key.public_key().as_der().ok().context("no public key")?;
        let log_key = folder.path().join("log.key");
        let der = key.to_pkcs8v1().ok().context("no private key")?;
        std::fs::write(&log_key, pem("PRIVATE KEY", der.as_ref()))?;
        std::fs::set_permissions(&log_key, PermissionsExt::from_mode(0o600))?;
        let log_public_key = folder.path().join("log.pub");
        std::fs::write(&log_public_key, pem("PUBLIC KEY", log_spki.as_ref()))?;
        let provider = Provider::start()?;
        let issuers = folder.path().join("issuers.yaml");
        let url = &provider.url;
        let text = format!(
            "oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: {AUDIENCE}\n    type: email\n"
        );
        std::fs::write(&issuers, text)?;
        let authorities = [
            Authority::make(folder.path(), Curve::P256).await?,
            Authority::make(folder.path(), Curve::P384).await?,
        ];
        let log_key_sec1 = folder.path().join("log.sec1");
        let der = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&key.private_key());
        let der = der.ok().context("no private key")?;
        std::fs::write(&log_key_sec1, pem("EC PRIVATE KEY", der.as_ref()))?;
        Ok(Self {
            log_key_sec1,
            log_public_key,
            issuers,
            provider,
            authorities,
            programs: std::path::absolute(&arguments.ours)?,
            peers: std::path::absolute(&arguments.peers)?,
            log_key,
            log_spki: log_spki.as_ref().to_vec(),
            folder,
            client: SigningKey::generate()?,
            entries: Mutex::default(),
        })
    }

    /// At least this number of entries, or requests that can be sent again.
    pub(crate) fn entries(&self, face: Face, count: usize) -> Result<Arc<[Vec<u8>]>> {
        let mut made = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = made
            .get(&face)
            .filter(|entries| !face.is_once() || entries.len() >= count)
        {
            return Ok(Arc::clone(entries));
        }
        let entries: Arc<[_]> = match face {
            Face::V1 => v1_entries(&self.client, count)?.into(),
            Face::V2 => v2_entries(&self.client, 0..count)?.into(),
            Face::Certificate(variant) => {
                certificate_requests(&self.provider, variant.token)?.into()
            }
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

    /// A program of ours.
    pub(crate) fn ours(&self, name: &str) -> Result<PathBuf> {
        let program = self.programs.join(name);
        ensure!(program.exists(), "{name} is not built for release");
        Ok(program)
    }

    /// The authority with keys of a curve.
    pub(crate) const fn authority(&self, curve: Curve) -> &Authority {
        let [p256, p384] = &self.authorities;
        match curve {
            Curve::P256 => p256,
            Curve::P384 => p384,
        }
    }

    /// Where the stores lie.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}
