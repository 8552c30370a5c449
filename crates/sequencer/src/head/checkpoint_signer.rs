use std::sync::Arc;

use async_trait::async_trait;
use sigstead_checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use sigstead_merkle::TreeHead;
use sigstead_note::{NoteSignature, SignedNote, VerifierKey};
use sigstead_signer::Signer;

use crate::head::signer::{HeadSigner, HeadSignerError};

/// Signs heads as C2SP tlog-checkpoint notes, as Rekor publishes them: one signature, and no extension lines but that of
/// the last head, which says since when the log is frozen.
pub struct CheckpointSigner {
    origin: Origin,
    key: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl CheckpointSigner {
    /// A signer for one log; the origin is also the name of its key.
    ///
    /// # Errors
    /// [`sigstead_checkpoint::Error`] when the origin cannot name a key.
    pub fn new(
        origin: Origin,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, sigstead_checkpoint::Error> {
        let key = VerifierKey::new(origin.to_key_name()?, signer.public_key().clone());
        Ok(Self::named(origin, key, signer))
    }

    /// A signer for a log whose origin does not name its key; a shard of Rekor v1 is one.
    pub fn named(origin: Origin, key: VerifierKey, signer: Arc<dyn Signer>) -> Self {
        Self {
            origin,
            key,
            signer,
        }
    }

    async fn sign_checkpoint(&self, checkpoint: Checkpoint) -> Result<Vec<u8>, HeadSignerError> {
        let text = checkpoint.text();
        let signature = self.signer.sign(text.as_bytes()).await?;
        let (name, key_id) = (self.key.name().clone(), self.key.key_id());
        let signatures = vec![NoteSignature {
            name,
            key_id,
            signature,
        }];
        Ok(SignedNote { text, signatures }.encode().into_bytes())
    }

    /// The key under which the notes verify; its full identifier is the log's.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }
}

#[async_trait]
impl HeadSigner for CheckpointSigner {
    async fn sign(&self, head: &TreeHead, _time_millis: u64) -> Result<Vec<u8>, HeadSignerError> {
        self.sign_checkpoint(Checkpoint::new(self.origin.clone(), *head))
            .await
    }

    async fn sign_last(
        &self,
        head: &TreeHead,
        time_millis: u64,
    ) -> Result<Vec<u8>, HeadSignerError> {
        let mut checkpoint = Checkpoint::new(self.origin.clone(), *head);
        let since = time_millis / 1000;
        checkpoint.extensions.push(format!("{FROZEN}{since}"));
        self.sign_checkpoint(checkpoint).await
    }

    fn is_last(&self, note: &[u8]) -> bool {
        let signed = std::str::from_utf8(note).ok();
        let signed = signed.and_then(|note| SignedCheckpoint::parse(note).ok());
        signed.is_some_and(|signed| {
            let mut lines = signed.checkpoint.extensions.iter();
            lines.any(|line| line.starts_with(FROZEN))
        })
    }

    fn verify(
        &self,
        head: &TreeHead,
        _time_millis: u64,
        note: &[u8],
    ) -> Result<(), HeadSignerError> {
        let signed = SignedCheckpoint::parse(std::str::from_utf8(note)?)?;
        signed.verify(&self.origin, &self.key)?;
        if signed.checkpoint.head == *head {
            Ok(())
        } else {
            Err("the note is over another head".into())
        }
    }
}

/// Opens the extension line of the last checkpoint; the seconds since the epoch follow.
const FROZEN: &str = "Log frozen \u{2014} ";

#[cfg(test)]
mod tests {
    use sigstead_key::Algorithm;

    use super::*;

    fn signer(origin: &str) -> CheckpointSigner {
        let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        CheckpointSigner::new(Origin::parse(origin).unwrap(), signer).unwrap()
    }

    #[tokio::test]
    async fn signs_what_it_accepts_and_refuses_other_heads_logs_and_keys() {
        let log = signer("log.example.org");
        let head = TreeHead::empty();
        let note = log.sign(&head, 7).await.unwrap();
        let text = std::str::from_utf8(&note).unwrap();
        assert!(text.starts_with(
            "log.example.org\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} "
        ));
        log.verify(&head, 7, &note).unwrap();
        assert!(log.verify(&TreeHead { size: 1, ..head }, 7, &note).is_err());
        assert!(
            signer("log.example.org").verify(&head, 7, &note).is_err(),
            "another key"
        );
        assert!(
            signer("other.example.org").verify(&head, 7, &note).is_err(),
            "another log"
        );
        assert!(log.verify(&head, 7, &note[1..]).is_err());
    }
}
