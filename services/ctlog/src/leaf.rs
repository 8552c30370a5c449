//! An entry on its way into the log.

use sigstead_ct::{AcceptedChain, SignedEntry, TileLeaf, TimestampedEntry, leaf_index_extension};
use sigstead_merkle::LeafIndex;
use sigstead_sequencer::{PendingEntry, SealError, SealedEntry};

/// An accepted chain that has neither time nor index yet.
pub(crate) struct PendingLogEntry {
    entry: SignedEntry,
    precertificate: Option<Vec<u8>>,
    chain: Vec<[u8; 32]>,
    identity: [u8; 32],
}

impl TryFrom<&AcceptedChain> for PendingLogEntry {
    type Error = sigstead_ct::Error;

    fn try_from(chain: &AcceptedChain) -> Result<Self, sigstead_ct::Error> {
        let entry = chain.signed_entry()?;
        Ok(Self {
            identity: entry.identity()?,
            entry,
            precertificate: chain.precertificate().map(<[u8]>::to_vec),
            chain: chain.fingerprints(),
        })
    }
}

impl PendingEntry for PendingLogEntry {
    fn deduplication_key(&self) -> Option<[u8; 32]> {
        Some(self.identity)
    }

    fn seal(&self, index: LeafIndex, time_millis: u64) -> Result<SealedEntry, SealError> {
        let timestamped_entry = TimestampedEntry {
            timestamp_millis: time_millis,
            entry: self.entry.clone(),
            extensions: leaf_index_extension(index)?,
        };
        let leaf_hash = timestamped_entry.leaf_hash()?;
        let leaf = TileLeaf {
            timestamped_entry,
            precertificate: self.precertificate.clone(),
            chain: self.chain.clone(),
        };
        Ok(SealedEntry {
            bundle: leaf.encode()?.into(),
            leaf_hash,
            side: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use sigstead_sequencer::{LeafFormat as _, TileLeaves};

    use super::*;

    fn pending(precertificate: Option<Vec<u8>>) -> PendingLogEntry {
        let entry = match &precertificate {
            None => SignedEntry::Certificate(b"certificate".to_vec()),
            Some(_) => SignedEntry::Precertificate {
                issuer_key_hash: sigstead_ct::IssuerKeyHash([7; 32]),
                tbs: b"tbs".to_vec(),
            },
        };
        let identity = entry.identity().unwrap();
        PendingLogEntry {
            entry,
            precertificate,
            chain: vec![[1; 32], [2; 32]],
            identity,
        }
    }

    #[test]
    fn what_is_sealed_is_read_back() {
        for pending in [pending(None), pending(Some(b"precertificate".to_vec()))] {
            let sealed = pending
                .seal(LeafIndex::new(300), 1_700_000_000_123)
                .unwrap();
            let stored = TileLeaves.read(&sealed.bundle).unwrap();
            assert_eq!(stored.leaf_hash, sealed.leaf_hash);
            assert_eq!(stored.deduplication_key, pending.deduplication_key());
            assert_eq!(stored.time_millis, 1_700_000_000_123);
            let mut two = sealed.bundle.to_vec();
            two.extend(&sealed.bundle);
            assert_eq!(TileLeaves.framed_bytes(&two), Ok(sealed.bundle.len()));
            assert!(TileLeaves.read(&two).is_err());
        }
    }

    #[test]
    fn refuses_an_index_that_no_extension_can_hold() {
        assert!(pending(None).seal(LeafIndex::new((1 << 40) - 1), 0).is_ok());
        assert!(pending(None).seal(LeafIndex::new(1 << 40), 0).is_err());
    }
}
