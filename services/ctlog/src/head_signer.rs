//! Checkpoints as static-ct-api signs them: an RFC 6962 tree head signature under a tlog-checkpoint text.
//!
//! The text has no room for the word that a head is the last one: static-ct-api allows no extension lines. So the last one has
//! a second signature of the log's key, of a kind that readers pass over as c2sp.org/signed-note has them do with all that
//! they do not know.

use std::sync::Arc;

use async_trait::async_trait;
use sigstead_checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use sigstead_ct::{DigitallySigned, TreeHeadSignature, tree_head_input};
use sigstead_merkle::TreeHead;
use sigstead_note::{KeyId, KeyName, NoteSignature, SignedNote};
use sigstead_sequencer::{HeadSigner, HeadSignerError};
use sigstead_signer::Signer;

use crate::Error;

/// Signs the heads of the log.
pub(crate) struct TreeHeadSigner {
    origin: Origin,
    name: KeyName,
    key_id: KeyId,
    /// That of the signature which says that a head is the last.
    last_id: KeyId,
    signer: Arc<dyn Signer>,
}

impl TreeHeadSigner {
    /// # Errors
    /// If the origin cannot name a key, or the key is of a kind that RFC 6962 does not know.
    pub(crate) fn new(origin: Origin, signer: Arc<dyn Signer>) -> Result<Self, Error> {
        DigitallySigned::new(signer.algorithm(), Vec::new()).map_err(|_| Error::KeyUnsupported)?;
        let name = origin.to_key_name()?;
        let log_id = signer.public_key().log_id();
        // c2sp.org/static-ct-api §Checkpoints: the hash is over the log's id, not over its key.
        let hash = KeyId::hash(&name, TreeHeadSignature::NOTE_TYPE, log_id.as_bytes());
        let last = [LAST, log_id.as_bytes()].concat();
        let last = KeyId::hash(&name, UNASSIGNED, &last);
        Ok(Self {
            origin,
            name,
            key_id: KeyId::truncate(&hash),
            last_id: KeyId::truncate(&last),
            signer,
        })
    }

    async fn note(&self, head: &TreeHead, time_millis: u64) -> Result<SignedNote, HeadSignerError> {
        let signature = self
            .signer
            .sign(&tree_head_input(head, time_millis))
            .await?;
        let signature = TreeHeadSignature {
            timestamp_millis: time_millis,
            signature: DigitallySigned::new(self.signer.algorithm(), signature)?,
        };
        let text = Checkpoint::new(self.origin.clone(), *head).text();
        let line = NoteSignature {
            name: self.name.clone(),
            key_id: self.key_id,
            signature: signature.encode()?,
        };
        Ok(SignedNote {
            text,
            signatures: vec![line],
        })
    }

    fn says_it_is_last(&self, note: &[u8]) -> Option<()> {
        let note = SignedNote::parse(std::str::from_utf8(note).ok()?).ok()?;
        let mut lines = note.signatures.iter();
        let line = lines.find(|line| line.name == self.name && line.key_id == self.last_id)?;
        let key = self.signer.public_key();
        key.verify(&last_input(&note.text), &line.signature).ok()
    }
}

#[async_trait]
impl HeadSigner for TreeHeadSigner {
    async fn sign(&self, head: &TreeHead, time_millis: u64) -> Result<Vec<u8>, HeadSignerError> {
        let note = self.note(head, time_millis).await?;
        Ok(note.encode().into_bytes())
    }

    async fn sign_last(
        &self,
        head: &TreeHead,
        time_millis: u64,
    ) -> Result<Vec<u8>, HeadSignerError> {
        let mut note = self.note(head, time_millis).await?;
        note.signatures.push(NoteSignature {
            name: self.name.clone(),
            key_id: self.last_id,
            signature: self.signer.sign(&last_input(&note.text)).await?,
        });
        Ok(note.encode().into_bytes())
    }

    fn is_last(&self, note: &[u8]) -> bool {
        self.says_it_is_last(note).is_some()
    }

    fn verify(
        &self,
        head: &TreeHead,
        time_millis: u64,
        note: &[u8],
    ) -> Result<(), HeadSignerError> {
        let signed = SignedCheckpoint::parse(std::str::from_utf8(note)?)?;
        if signed.checkpoint != Checkpoint::new(self.origin.clone(), *head) {
            return Err("the note is over another log or head".into());
        }
        let mut lines = signed.note.signatures.iter();
        let line = lines.find(|line| line.name == self.name && line.key_id == self.key_id);
        let line = line.ok_or("the note is not signed by the key of the log")?;
        let signature = TreeHeadSignature::parse(&line.signature)?;
        if signature.timestamp_millis != time_millis {
            return Err("the note is of another time".into());
        }
        let input = tree_head_input(head, time_millis);
        Ok(signature
            .signature
            .verify(&input, self.signer.public_key())?)
    }
}

/// What says that a checkpoint is the last. It begins with a letter, and what RFC 6962 has a log sign with zero, so that
/// neither signature can be taken for the other.
fn last_input(text: &str) -> Vec<u8> {
    [LAST, b"\n", text.as_bytes()].concat()
}

const LAST: &[u8] = b"sigstead: the last checkpoint of the log";
/// c2sp.org/signed-note §Signatures: types that are nobody's.
const UNASSIGNED: u8 = 0xff;

#[cfg(test)]
mod tests {
    use sigstead_key::Algorithm;

    use super::*;

    fn signer(origin: &str) -> TreeHeadSigner {
        let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        TreeHeadSigner::new(Origin::parse(origin).unwrap(), signer).unwrap()
    }

    #[tokio::test]
    async fn signs_what_it_accepts_and_refuses_other_heads_times_logs_and_keys() {
        let log = signer("ct.example.org");
        let head = TreeHead::empty();
        let note = log.sign(&head, 7).await.unwrap();
        let text = std::str::from_utf8(&note).unwrap();
        assert!(text.starts_with(
            "ct.example.org\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} ct.example.org "
        ));
        log.verify(&head, 7, &note).unwrap();
        assert!(log.verify(&head, 8, &note).is_err(), "another time");
        assert!(
            log.verify(&TreeHead { size: 1, ..head }, 7, &note).is_err(),
            "another head"
        );
        assert!(
            signer("ct.example.org").verify(&head, 7, &note).is_err(),
            "another key"
        );
        assert!(
            signer("other.example.org").verify(&head, 7, &note).is_err(),
            "another log"
        );
        assert!(log.verify(&head, 7, &note[1..]).is_err(), "cut off");
        assert!(log.verify(&head, 7, b"").is_err(), "empty");
    }

    #[tokio::test]
    async fn the_last_head_says_so_and_is_a_head_like_others() {
        let log = signer("ct.example.org");
        let head = TreeHead::empty();
        let within = log.sign(&head, 7).await.unwrap();
        let last = log.sign_last(&head, 7).await.unwrap();
        assert!(!log.is_last(&within));
        assert!(log.is_last(&last));
        log.verify(&head, 7, &last).unwrap();
        let text = |note: &[u8]| String::from_utf8(note.to_vec()).unwrap();
        let (within, last) = (text(&within), text(&last));
        assert_eq!(within.lines().count() + 1, last.lines().count());
        let other = signer("ct.example.org");
        assert!(!other.is_last(last.as_bytes()), "another key");
        let mut moved = SignedNote::parse(&last).unwrap();
        moved.text = moved.text.replacen("\n0\n", "\n1\n", 1);
        assert!(!log.is_last(moved.encode().as_bytes()), "another head");
        assert!(!log.is_last(b""), "empty");
    }

    #[tokio::test]
    async fn refuses_a_time_that_is_not_the_signed_one() {
        let log = signer("ct.example.org");
        let head = TreeHead::empty();
        let note = String::from_utf8(log.sign(&head, 7).await.unwrap()).unwrap();
        let mut signed = SignedNote::parse(&note).unwrap();
        signed.signatures[0].signature[7] = 8;
        assert!(log.verify(&head, 8, signed.encode().as_bytes()).is_err());
    }

    #[test]
    fn refuses_keys_that_rfc_6962_does_not_know() {
        let signer = sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap();
        let refused = TreeHeadSigner::new(Origin::parse("ct.example.org").unwrap(), signer);
        assert!(matches!(refused, Err(Error::KeyUnsupported)));
    }
}
