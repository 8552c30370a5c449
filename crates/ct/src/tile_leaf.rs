//! An entry as data tiles hold it (static-ct-api §Log Entries).

use crate::tls::{Reader, put_vector16, put_vector24};
use crate::{Error, SignedEntry, TimestampedEntry};

/// A logged entry with what its leaf does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileLeaf {
    /// What the leaf is over.
    pub timestamped_entry: TimestampedEntry,
    /// The whole precertificate, DER, if it is one.
    pub precertificate: Option<Vec<u8>>,
    /// SHA-256 of each certificate above it, the root last.
    pub chain: Vec<[u8; 32]>,
}

impl TileLeaf {
    /// The bytes in a data tile; there they follow each other without further framing.
    ///
    /// # Errors
    /// If a part is too long, or the precertificate is there or missing against the entry's type.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.timestamped_entry.encode_into(&mut bytes)?;
        match (&self.timestamped_entry.entry, &self.precertificate) {
            (SignedEntry::Precertificate { .. }, Some(der)) => {
                put_vector24(&mut bytes, der, "the precertificate")?;
            }
            (SignedEntry::Certificate(_), None) => {}
            _ => return Err(Error::Malformed("tile leaf")),
        }
        put_vector16(&mut bytes, self.chain.as_flattened(), "the chain")?;
        Ok(bytes)
    }

    /// Reads the leaf at the front of bytes, and says how many it takes.
    ///
    /// # Errors
    /// If they do not begin with a whole leaf.
    pub fn decode_first(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let mut reader = Reader::new(bytes, "tile leaf");
        let timestamped_entry = TimestampedEntry::read(&mut reader)?;
        let precertificate = match timestamped_entry.entry {
            SignedEntry::Precertificate { .. } => Some(reader.vector24()?.to_vec()),
            SignedEntry::Certificate(_) => None,
        };
        let (chain, rest) = reader.vector16()?.as_chunks();
        if !rest.is_empty() {
            return Err(Error::Malformed("tile leaf"));
        }
        let leaf = Self {
            timestamped_entry,
            precertificate,
            chain: chain.to_vec(),
        };
        Ok((leaf, bytes.len() - reader.left()))
    }

    /// Reads bytes that are exactly one leaf.
    ///
    /// # Errors
    /// If they are not.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (leaf, length) = Self::decode_first(bytes)?;
        if length == bytes.len() {
            Ok(leaf)
        } else {
            Err(Error::Malformed("tile leaf"))
        }
    }
}
