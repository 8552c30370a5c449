use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Error, KeyId, KeyName, VerifierKey};

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: KeyName,
    /// The hint which key of that name it is.
    pub key_id: KeyId,
    /// The signature without the hint.
    pub signature: Vec<u8>,
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(LINE_PREFIX)?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self {
            name: KeyName::parse(name).ok()?,
            key_id: KeyId::from_bytes(*key_id),
            signature: signature.to_vec(),
        })
    }

    fn encode(&self) -> String {
        let bytes = [self.key_id.as_bytes(), self.signature.as_slice()].concat();
        format!("{LINE_PREFIX}{} {}\n", self.name, STANDARD.encode(bytes))
    }
}

/// A text and the signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// The text, up to and with its last line feed.
    pub text: String,
    /// The signatures in their order.
    pub signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Reads a note. No signature is verified.
    ///
    /// # Errors
    /// The bytes have not the form of a note.
    pub fn parse(note: &str) -> Result<Self, Error> {
        if note.len() > MAX_LENGTH {
            return Err(Error::TooLong(note.len()));
        }
        // The text may hold empty lines, so the last one separates.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(Error::Unsigned)?;
        let text = format!("{text}\n");
        if text.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(Error::Text);
        }
        if lines.is_empty() {
            return Err(Error::Unsigned);
        }
        let mut signatures = Vec::new();
        for (number, line) in (1..).zip(lines.split_inclusive('\n')) {
            if number > MAX_SIGNATURES {
                return Err(Error::TooManySignatures(MAX_SIGNATURES));
            }
            let signature = line.strip_suffix('\n').and_then(NoteSignature::parse);
            signatures.push(signature.ok_or(Error::SignatureLine(number))?);
        }
        Ok(Self { text, signatures })
    }

    /// The bytes of the note.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut note = format!("{}\n", self.text);
        note.extend(self.signatures.iter().map(NoteSignature::encode));
        note
    }

    /// Finds the signature of a key, and checks it.
    ///
    /// # Errors
    /// The key has not signed, or its signature is wrong.
    pub fn verify(&self, key: &VerifierKey) -> Result<&NoteSignature, Error> {
        let by_key = |s: &&NoteSignature| s.name == *key.name() && s.key_id == key.key_id();
        let signature = self.signatures.iter().find(by_key);
        let signature = signature.ok_or_else(|| Error::SignatureMissing(key.name().to_string()))?;
        key.verify(&self.text, &signature.signature)?;
        Ok(signature)
    }
}

const LINE_PREFIX: &str = "\u{2014} ";
// The limits of the reference implementation (golang.org/x/mod/sumdb/note): what is longer could
// not be read by others, and costs whoever tries.
const MAX_LENGTH: usize = 1_000_000;
const MAX_SIGNATURES: usize = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_note_with_empty_lines_in_its_text() {
        let note = "a\n\nb\n\n\u{2014} k AAAAAAE=\n\u{2014} l AAAAAQI=\n";
        let parsed = SignedNote::parse(note).unwrap();
        assert_eq!(parsed.text, "a\n\nb\n");
        assert_eq!(parsed.signatures.len(), 2);
        let first = parsed.signatures.first().unwrap();
        assert_eq!(first.name.as_str(), "k");
        assert_eq!(first.signature, [1]);
        assert_eq!(parsed.encode(), note);
    }

    #[test]
    fn refuses_what_is_not_a_note() {
        let table = [
            "",
            "a",
            "a\n",
            "a\n\n",
            "a\n\nb",
            "a\n\n\u{2014} k AAAAAAE=",
            "a\n\n\u{2014} k AAAAAAE=\n\n",
            "a\n\n\u{2014} k AAAAAA==\n",
            "a\n\n\u{2014} k AAAA\n",
            "a\n\n\u{2014} k AAAAAAE\n",
            "a\n\n\u{2014} k\n",
            "a\n\n\u{2014}  AAAAAAE=\n",
            "a\n\n\u{2014} k+l AAAAAAE=\n",
            "a\n\n- k AAAAAAE=\n",
            "a\n\n\u{2014} k AAAAAAE= \n",
            "a\n\n\u{2014} k AAAAAAE=\r\n",
            "a\r\n\n\u{2014} k AAAAAAE=\n",
            "a\u{7f}\n\n\u{2014} k AAAAAAE=\n",
        ];
        for note in table {
            assert!(SignedNote::parse(note).is_err(), "{note:?}");
        }
    }

    #[test]
    fn refuses_more_than_any_reader_takes() {
        let line = "\u{2014} k AAAAAAE=\n";
        assert!(SignedNote::parse(&format!("a\n\n{}", line.repeat(100))).is_ok());
        let many = SignedNote::parse(&format!("a\n\n{}", line.repeat(101)));
        assert!(matches!(many, Err(Error::TooManySignatures(100))));
        let long = SignedNote::parse(&format!("{}\n\n{line}", "a".repeat(MAX_LENGTH)));
        assert!(matches!(long, Err(Error::TooLong(_))));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(
            text in "([ -~]{0,20}\n){1,5}",
            signature in prop::collection::vec(any::<u8>(), 1..80),
            id: [u8; 4],
        ) {
            let note = SignedNote {
                text,
                signatures: vec![NoteSignature {
                    name: KeyName::parse("log.example.com").unwrap(),
                    key_id: KeyId::from_bytes(id),
                    signature,
                }],
            };
            prop_assert_eq!(SignedNote::parse(&note.encode()).unwrap(), note);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*\n\n\u{2014} .*\n") {
            if let Ok(note) = SignedNote::parse(&text) {
                prop_assert_eq!(note.encode(), text);
            }
        }
    }
}
