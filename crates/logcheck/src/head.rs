use std::fmt;

use crate::bytes::Reader;
use crate::note::{self, Note};
use crate::tree::Hash;
use crate::{Defect, Error, LogKey};

/// How a log speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Rekor v1: `<host> - <tree id>` as origin, signed entry timestamps, bodies in `tile/entries`.
    RekorV1,
    /// Rekor v2: the host as origin, bodies in `tile/entries`.
    RekorV2,
    /// C2SP static-ct-api: leaves in `tile/data`, certificates of issuers beside them.
    StaticCt,
}

impl fmt::Display for Face {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RekorV1 => "rekor-v1",
            Self::RekorV2 => "rekor-v2",
            Self::StaticCt => "static-ct",
        })
    }
}

/// Which log is checked: what a client has to know of it beforehand.
#[derive(Debug, Clone)]
pub struct Log {
    pub(crate) face: Face,
    pub(crate) origin: String,
    pub(crate) key: LogKey,
    pub(crate) first_index: u64,
}

/// A checkpoint that is the log's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// Milliseconds, where the signature says them (C2SP static-ct-api).
    pub(crate) time: Option<u64>,
}

impl Log {
    /// A log of a face, with the first line of its checkpoints and its key.
    ///
    /// # Errors
    /// The origin of a Rekor v1 log names no tree.
    pub fn new(face: Face, origin: impl Into<String>, key: LogKey) -> Result<Self, Error> {
        let origin = origin.into();
        if face == Face::RekorV1 && host_of(&origin).is_none() {
            return Err(Error::Origin(origin));
        }
        Ok(Self {
            face,
            origin,
            key,
            first_index: 0,
        })
    }

    /// For a shard of Rekor v1: how many entries the older shards have, which its timestamps count too.
    #[must_use]
    pub const fn with_first_index(mut self, first_index: u64) -> Self {
        self.first_index = first_index;
        self
    }

    /// What is wrong with a checkpoint as a checkpoint of this log, or what it says.
    pub(crate) fn verify(&self, note: &Note) -> Result<Head, (Defect, String)> {
        if note.origin != self.origin {
            let sentence = format!("it is of {:?}, not of {:?}", note.origin, self.origin);
            return Err((Defect::WrongOrigin, sentence));
        }
        if self.face == Face::RekorV1 && note.signatures.len() > 1 {
            let sentence = format!("it has {} signatures", note.signatures.len());
            return Err((Defect::ExtraSignature, sentence));
        }
        if self.face == Face::StaticCt && note.extensions > 0 {
            let sentence = format!("it has {} extension lines", note.extensions);
            return Err((Defect::ExtensionLine, sentence));
        }
        let signature = self.signature_of(note).ok_or_else(|| {
            let sentence = "it has no signature by the key of the log".to_owned();
            (Defect::UnsignedCheckpoint, sentence)
        })?;
        let time = self.verify_signature(note, signature).ok_or_else(|| {
            let sentence = "its signature by the key of the log does not verify".to_owned();
            (Defect::WrongSignature, sentence)
        })?;
        Ok(Head {
            size: note.size,
            root: note.root,
            time,
        })
    }

    fn signature_of<'a>(&self, note: &'a Note) -> Option<&'a [u8]> {
        let name = match self.face {
            Face::RekorV1 => host_of(&self.origin)?,
            Face::RekorV2 | Face::StaticCt => &self.origin,
        };
        let id = match self.face {
            Face::RekorV1 => self.key.log_id(),
            Face::RekorV2 => self.key.note_id(name),
            Face::StaticCt => self.key.tree_head_id(name),
        };
        let hint = id.first_chunk::<4>()?;
        note.signatures
            .iter()
            .find(|signature| signature.name == name && signature.hint == *hint)
            .map(|signature| signature.bytes.as_slice())
    }

    /// The time that the signature says, if its face has one; `None` when it does not verify.
    fn verify_signature(&self, note: &Note, signature: &[u8]) -> Option<Option<u64>> {
        if self.face != Face::StaticCt {
            let good = self.key.verifies(note.text.as_bytes(), signature);
            return good.then_some(None);
        }
        let mut reader = Reader::new(signature);
        let time = reader.number(8)?;
        // RFC 6962 §3.5: version 1, tree hash.
        let mut message = vec![0, 1];
        message.extend_from_slice(&time.to_be_bytes());
        message.extend_from_slice(&note.size.to_be_bytes());
        message.extend_from_slice(&note.root);
        self.key
            .verifies_digitally_signed(&message, reader.rest())
            .then_some(Some(time))
    }
}

/// Rekor v1 signs by the name of the host alone, which stands before the tree's number.
fn host_of(origin: &str) -> Option<&str> {
    let (host, tree) = origin.rsplit_once(" - ")?;
    note::decimal(tree).map(|_| host)
}
