use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_checkpoint::Origin;
use sigstead_entry::{ProposedEntry, Verifier, v1};
use sigstead_key::Algorithm;
use sigstead_sequencer::PendingEntry;
use sigstead_signer::Signer;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use crate::error::{AppendError, Error};
use crate::log::TransparencyLog;
use crate::pending::PendingRekord;
use crate::rekor_v1::pending::PendingV1Entry;

impl TransparencyLog {
    /// Whether entries of clients may follow.
    pub(crate) fn has_begun(&self) -> bool {
        self.beginning.is_left_out || self.published().head.size > 0 || self.is_frozen()
    }

    /// Logs the first entry if the log holds nothing, and returns once a published checkpoint covers it. It is called
    /// before each entry of a client, so that one which failed is made up for.
    pub(crate) async fn begin(self: &Arc<Self>) -> Result<(), Error> {
        if self.has_begun() {
            return Ok(());
        }
        let turn = Arc::clone(&self.beginning.turn).lock_owned().await;
        // In a task of its own: if a caller that goes away took the entry with it, after its round was committed and
        // before that shows, the next caller would log a second one.
        let logging = tokio::spawn(Arc::clone(self).log_first(turn));
        logging.await.map_err(Error::Task)?
    }

    /// As [`Self::begin`], until it has succeeded, cannot succeed any more, or is told to stop.
    pub(crate) async fn begin_until(self: Arc<Self>, stop: CancellationToken) {
        while let Err(error) = self.begin().await {
            let (origin, detail) = (self.origin(), sigstead_kit::causes(&error));
            tracing::warn!(%origin, detail, "the log has no first entry yet");
            if self.log.health().read_only.is_some() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn log_first(self: Arc<Self>, _turn: OwnedMutexGuard<()>) -> Result<(), Error> {
        // Others had their turn in between.
        if self.has_begun() {
            return Ok(());
        }
        // Nobody keeps the key, so nobody signs anything else with it.
        let signer = sigstead_signer::ephemeral(ALGORITHM).map_err(AppendError::FirstEntry)?;
        let text = text(self.origin());
        let signature = signer.sign(text.as_bytes()).await;
        let signature = signature.map_err(AppendError::FirstEntry)?;
        let pending: Box<dyn PendingEntry> = match self.name.tree_id {
            Some(_) => Box::new(v1_entry(&text, &signature, &*signer)?),
            None => Box::new(v2_entry(&text, signature, &*signer)?),
        };
        self.log.add(pending).await?;
        tracing::info!(origin = %self.origin(), "the log has its first entry");
        Ok(())
    }
}

/// What the first entry is about: the SHA-256 of this text stands in it. It is neither JSON, a checkpoint nor the
/// pre-authentication encoding of an envelope, so that the signature means nothing else.
fn text(origin: &Origin) -> String {
    format!("The first entry of the transparency log {origin}, which the log made itself.\n")
}

fn v1_entry(text: &str, signature: &[u8], signer: &dyn Signer) -> Result<PendingV1Entry, Error> {
    let digest = ALGORITHM.hash().digest(text.as_bytes());
    let key = signer.public_key().to_pem();
    let request = json!({
        "apiVersion": v1::Kind::HashedRekord001.version(),
        "kind": v1::Kind::HashedRekord001.name(),
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hex::encode(digest)}},
            "signature": {
                "content": STANDARD.encode(signature),
                "publicKey": {"content": STANDARD.encode(key)},
            },
        },
    });
    let proposed = v1::ProposedEntry::from_json(request.to_string().as_bytes())?;
    PendingV1Entry::try_from(&proposed.verify()?)
}

fn v2_entry(text: &str, signature: Vec<u8>, signer: &dyn Signer) -> Result<PendingRekord, Error> {
    let proposed = ProposedEntry {
        digest: ALGORITHM.hash().digest(text.as_bytes()),
        signature,
        verifier: Verifier::PublicKey(signer.public_key().spki_der().to_vec()),
        algorithm: ALGORITHM,
    };
    PendingRekord::try_from(&proposed.verify()?)
}

const ALGORITHM: Algorithm = Algorithm::EcdsaP256Sha256;

const RETRY: Duration = Duration::from_secs(5);
