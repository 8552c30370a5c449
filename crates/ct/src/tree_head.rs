//! Tree heads as static-ct-api signs them: an RFC 6962 §3.5 signature, carried in a signed note.

use sigstead_merkle::TreeHead;

use crate::tls::Reader;
use crate::{DigitallySigned, Error};

/// What the log's key signs for a tree head (RFC 6962 §3.5).
#[must_use]
pub fn tree_head_input(head: &TreeHead, timestamp_millis: u64) -> Vec<u8> {
    let mut bytes = vec![V1, TREE_HASH];
    bytes.extend_from_slice(&timestamp_millis.to_be_bytes());
    bytes.extend_from_slice(&head.size.to_be_bytes());
    bytes.extend_from_slice(head.root.as_bytes());
    bytes
}

/// The content of a note signature of type 0x05: the time and the signature (static-ct-api §Checkpoints).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHeadSignature {
    /// Milliseconds since 1970.
    pub timestamp_millis: u64,
    /// The signature over [`tree_head_input`].
    pub signature: DigitallySigned,
}

impl TreeHeadSignature {
    /// The note signature type.
    pub const NOTE_TYPE: u8 = 0x05;

    /// The bytes of the note signature.
    ///
    /// # Errors
    /// If the signature is too long.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = self.timestamp_millis.to_be_bytes().to_vec();
        bytes.extend(self.signature.encode()?);
        Ok(bytes)
    }

    /// Reads the bytes of a note signature.
    ///
    /// # Errors
    /// If they are not one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, "tree head signature");
        let timestamp_millis = reader.u64()?;
        let left = reader.left();
        let signature = DigitallySigned::parse(reader.bytes(left)?)?;
        Ok(Self {
            timestamp_millis,
            signature,
        })
    }
}

const V1: u8 = 0;
const TREE_HASH: u8 = 1;
