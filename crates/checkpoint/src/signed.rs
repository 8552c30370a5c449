use sigstead_note::{SignedNote, VerifierKey};

use crate::{Checkpoint, Error, Origin};

/// A checkpoint together with the note that signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What the note says.
    pub checkpoint: Checkpoint,
    /// The note, with all its signatures.
    pub note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a note. No signature is verified.
    ///
    /// # Errors
    /// The bytes are not a note, or its text is not a checkpoint.
    pub fn parse(note: &str) -> Result<Self, Error> {
        SignedNote::parse(note)?.try_into()
    }

    /// Checks that the checkpoint is of a log, and signed by its key.
    ///
    /// # Errors
    /// The checkpoint is of another log, is not signed by the key, or the signature is wrong.
    pub fn verify(&self, origin: &Origin, key: &VerifierKey) -> Result<(), Error> {
        if self.checkpoint.origin != *origin {
            return Err(Error::OriginMismatch {
                expected: origin.to_string(),
                found: self.checkpoint.origin.to_string(),
            });
        }
        self.note.verify(key)?;
        Ok(())
    }
}

impl TryFrom<SignedNote> for SignedCheckpoint {
    type Error = Error;

    fn try_from(note: SignedNote) -> Result<Self, Error> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        Ok(Self { checkpoint, note })
    }
}

#[cfg(test)]
mod tests {
    use sigstead_key::PublicKey;

    use super::*;

    // The first checkpoint of the Go checksum database's key would be a note of another text form,
    // so the key signs nothing here: what is tested is what is refused.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAzjNy11rR7l7Nr4cnKT1LER2H6zdTHXyG1NMAPw64Cfw=\n-----END PUBLIC KEY-----\n";
    const NOTE: &str = "sum.golang.org\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} sum.golang.org Az3grgE=\n";

    fn key() -> VerifierKey {
        let origin = Origin::parse("sum.golang.org").unwrap();
        VerifierKey::new(
            origin.to_key_name().unwrap(),
            PublicKey::from_pem(KEY).unwrap(),
        )
    }

    #[test]
    fn refuses_a_wrong_signature_and_another_log() {
        let signed = SignedCheckpoint::parse(NOTE).unwrap();
        let refused = signed.verify(&signed.checkpoint.origin, &key());
        let wrong = sigstead_note::Error::SignatureInvalid {
            name: key().name().to_string(),
            source: sigstead_key::Error::SignatureInvalid,
        };
        assert_eq!(refused.unwrap_err().to_string(), wrong.to_string());
        let other = Origin::parse("other").unwrap();
        let refused = signed.verify(&other, &key());
        assert!(matches!(refused, Err(Error::OriginMismatch { .. })));
    }

    #[test]
    fn refuses_a_note_that_is_no_checkpoint() {
        let note = NOTE.replace("\n1\n", "\none\n");
        assert!(matches!(
            SignedCheckpoint::parse(&note),
            Err(Error::Size(_))
        ));
        assert!(matches!(
            SignedCheckpoint::parse("a"),
            Err(Error::Note(sigstead_note::Error::Unsigned))
        ));
    }
}
