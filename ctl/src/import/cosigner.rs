//! The site that has a copy says so under a checkpoint, as mirrors do.

use std::sync::Arc;

use clap::Args;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_note::{KeyName, NoteSignature, SignedNote};
use sigstead_signer::Signer;
use sigstead_witness::CosignerKey;

use crate::failure::{Exit, Failure};
use crate::key::{KeyFields, misplaced, unusable};

/// Who cosigns, and where the key is.
#[derive(Args)]
pub(super) struct Asked {
    /// Cosigns what the copy has, under this name (C2SP tlog-cosignature): one of this site's own, as in `mirror.inside.example`.
    #[arg(
        long,
        value_name = "NAME",
        requires = "cosigner_key",
        conflicts_with = "trust"
    )]
    cosigner: Option<KeyName>,

    /// The Ed25519 key that cosigns: `file:PATH`, `pkcs11:…` or `vault:…`, as `sigctl key create --algorithm ed25519` makes it.
    #[arg(long, value_name = "URI", requires = "cosigner")]
    cosigner_key: Option<String>,

    #[command(flatten)]
    fields: KeyFields,
}

impl Asked {
    /// Opens the key, if the site cosigns.
    pub(super) async fn open(self) -> Result<Option<Cosigner>, Failure> {
        let (Some(name), Some(uri)) = (self.cosigner, self.cosigner_key) else {
            return match self.fields.is_empty() {
                true => Ok(None),
                false => Err(misplaced(
                    "name the key too, with --cosigner and --cosigner-key",
                )),
            };
        };
        let config = self.fields.config(&uri)?;
        let opened = sigstead_signer::open(&config).await;
        let signer = opened.map_err(|error| unusable(&config, &error))?;
        let key = CosignerKey::new(name, signer.public_key().clone());
        let key = key.ok_or_else(|| {
            Failure::new(
                "E-AIR-018",
                format!("{config} is no Ed25519 key"),
                "make one for this: `sigctl key create file:PATH --algorithm ed25519`",
            )
            .exit(Exit::Usage)
        })?;
        Ok(Some(Cosigner { key, signer }))
    }
}

/// A key that cosigns, under its name.
pub(super) struct Cosigner {
    key: CosignerKey,
    signer: Arc<dyn Signer>,
}

impl Cosigner {
    /// What verifiers know it by.
    pub(super) const fn key(&self) -> &CosignerKey {
        &self.key
    }

    /// Whether it has cosigned the checkpoint.
    pub(super) fn has_signed(&self, note: &SignedNote) -> bool {
        let mut lines = note.signatures.iter();
        lines.any(|line| self.key.verify(&note.text, line).is_ok())
    }

    /// Says now that the copy has what the checkpoint is of.
    pub(super) async fn sign(&self, note: &SignedNote) -> Result<NoteSignature, Failure> {
        let now = SystemClock.now().unix_timestamp();
        let now = u64::try_from(now).unwrap_or_default();
        let message = CosignerKey::message(&note.text, now);
        let signature = self.signer.sign(message.as_bytes()).await;
        let failed = |error: &dyn std::error::Error| {
            Failure::new(
                "E-AIR-018",
                format!("{} cannot cosign the checkpoint", self.key.name()),
                "the cause says why; the entries are in the copy, and importing the batch again goes on",
            )
            .because(sigstead_kit::causes(error))
        };
        let line = self
            .key
            .line(now, &signature.map_err(|error| failed(&error))?);
        let checked = self.key.verify(&note.text, &line);
        checked.map_err(|error| failed(&error))?;
        Ok(line)
    }
}
