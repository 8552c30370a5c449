//! Reading as RFC 6962 §4.3 to §4.8 has it, beside the tiles.

use std::collections::HashMap;

use bytes::Bytes;
use sigstead_ct::{DigitallySigned, SignedEntry, TileLeaf, TreeHeadSignature};
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex, TreeHead};
use sigstead_note::SignedNote;

use crate::CtLog;
use crate::error::Error;
use crate::issuer_storage::IssuerStorage;

/// A tree head and what signs it (RFC 6962 §3.5).
pub struct SignedTreeHead {
    /// Size and root.
    pub head: TreeHead,
    /// When it was signed, in milliseconds since the epoch.
    pub timestamp_millis: u64,
    /// The signature over both.
    pub signature: DigitallySigned,
}

/// An entry as RFC 6962 §4.6 gives it.
pub struct LoggedEntry {
    /// What is hashed: a `MerkleTreeLeaf`.
    pub leaf_input: Vec<u8>,
    /// The certificates beside it: a `PrecertChainEntry` or the chain of an `X509ChainEntry`.
    pub extra_data: Vec<u8>,
}

impl CtLog {
    /// The newest tree head, with the signature that its checkpoint carries.
    ///
    /// # Errors
    /// If the checkpoint is not one of this log's own.
    pub fn signed_tree_head(&self) -> Result<SignedTreeHead, Error> {
        let published = self.log.published();
        if published.note.is_empty() {
            return Err(Error::NoHead);
        }
        let note = std::str::from_utf8(&published.note).map_err(|_| Error::HeadUnreadable)?;
        let note = SignedNote::parse(note).map_err(|_| Error::HeadUnreadable)?;
        let line = note.signatures.first().ok_or(Error::HeadUnreadable)?;
        let signature = TreeHeadSignature::parse(&line.signature)?;
        Ok(SignedTreeHead {
            head: published.head,
            timestamp_millis: signature.timestamp_millis,
            signature: signature.signature,
        })
    }

    /// Where a leaf stands, and that it is in the tree of a size.
    ///
    /// # Errors
    /// If the log has no such leaf below that size, or never had that size.
    pub async fn proof_by_hash(
        &self,
        leaf_hash: &LeafHash,
        tree_size: u64,
    ) -> Result<InclusionProof, Error> {
        // What is not published yet is not waited for.
        let size = tree_size.min(self.log.published().head.size);
        let index = self.leaves.find(leaf_hash, size).await?;
        let index = index.ok_or(Error::LeafUnknown)?;
        Ok(self
            .log
            .inclusion_proof(LeafIndex::new(index), tree_size)
            .await?)
    }

    /// The entries from `start` to `end`, both included, as far as they are in the bundle of the first and make up half a
    /// mebibyte; a reader asks again from where an answer ends.
    ///
    /// # Errors
    /// If the range is empty or begins beyond the published size.
    pub async fn logged_entries(&self, start: u64, end: u64) -> Result<Vec<LoggedEntry>, Error> {
        let size = self.log.published().head.size;
        if start > end || start >= size {
            return Err(Error::RangeOutside { start, end, size });
        }
        let limit = (end - start).saturating_add(1);
        let to_end_of_bundle = BUNDLE - start % BUNDLE;
        let first = LeafIndex::new(start);
        let limit = limit.min(to_end_of_bundle);
        let entries = self.log.entries_within(first, limit, MOST_BYTES).await?;
        let mut issuers = Issuers::of(&self.issuers);
        let mut logged = Vec::with_capacity(entries.len());
        let mut bytes = 0;
        for entry in &entries {
            if bytes >= MOST_BYTES {
                break;
            }
            let entry = issuers.beside(&TileLeaf::decode(&entry.bundle)?).await?;
            bytes += (entry.leaf_input.len() + entry.extra_data.len()) as u64;
            logged.push(entry);
        }
        Ok(logged)
    }
}

/// The issuers of some entries, each read once; most entries have the same.
struct Issuers<'a> {
    storage: &'a IssuerStorage,
    read: HashMap<[u8; 32], Bytes>,
}

impl<'a> Issuers<'a> {
    fn of(storage: &'a IssuerStorage) -> Self {
        Self {
            storage,
            read: HashMap::new(),
        }
    }

    async fn find(&mut self, fingerprint: &[u8; 32]) -> Result<Bytes, Error> {
        if let Some(issuer) = self.read.get(fingerprint) {
            return Ok(issuer.clone());
        }
        let issuer = self.storage.find(fingerprint).await;
        let issuer = issuer.map_err(Error::Issuers)?;
        let issuer = issuer.ok_or_else(|| Error::IssuerLost(hex::encode(fingerprint)))?;
        self.read.insert(*fingerprint, issuer.clone());
        Ok(issuer)
    }

    async fn beside(&mut self, leaf: &TileLeaf) -> Result<LoggedEntry, Error> {
        let mut chain = Vec::new();
        for fingerprint in &leaf.chain {
            chain.extend(length_prefixed(&self.find(fingerprint).await?));
        }
        let mut extra_data = Vec::new();
        if let (SignedEntry::Precertificate { .. }, Some(precertificate)) =
            (&leaf.timestamped_entry.entry, &leaf.precertificate)
        {
            extra_data.extend(length_prefixed(precertificate));
        }
        extra_data.extend(length_prefixed(&chain));
        Ok(LoggedEntry {
            leaf_input: leaf.timestamped_entry.merkle_tree_leaf()?,
            extra_data,
        })
    }
}

/// RFC 5246 §4.3: a vector with a length of three bytes, as certificates have.
fn length_prefixed(bytes: &[u8]) -> Vec<u8> {
    // Every certificate of the log came in a request of far less.
    let [_, length @ ..] = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length, bytes].concat()
}

/// With one more entry of the longest, and in base64, less than the largest answer that waits for no turn.
const MOST_BYTES: u64 = 512 << 10;

const BUNDLE: u64 = sigstead_tiles::TILE_WIDTH as u64;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use sigstead_cold::{ColdStorage, MemoryStorage};
    use sigstead_ct::TimestampedEntry;

    use super::*;

    /// Counts what is read.
    #[derive(Default)]
    struct Counting {
        cold: MemoryStorage,
        reads: AtomicUsize,
    }

    #[async_trait]
    impl ColdStorage for Counting {
        async fn put(&self, path: &str, bytes: Bytes) -> Result<(), sigstead_cold::Error> {
            self.cold.put(path, bytes).await
        }

        async fn get(&self, path: &str) -> Result<Option<Bytes>, sigstead_cold::Error> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            self.cold.get(path).await
        }

        async fn get_range(
            &self,
            path: &str,
            offset: u64,
            length: usize,
        ) -> Result<Option<Bytes>, sigstead_cold::Error> {
            self.cold.get_range(path, offset, length).await
        }

        async fn length(&self, path: &str) -> Result<Option<u64>, sigstead_cold::Error> {
            self.cold.length(path).await
        }
    }

    fn leaf(chain: Vec<[u8; 32]>) -> TileLeaf {
        TileLeaf {
            timestamped_entry: TimestampedEntry {
                timestamp_millis: 0,
                entry: SignedEntry::Certificate(b"certificate".to_vec()),
                extensions: Vec::new(),
            },
            precertificate: None,
            chain,
        }
    }

    #[tokio::test]
    async fn reads_each_issuer_once_for_all_entries() {
        let cold = Arc::new(Counting::default());
        for byte in ["01", "02"] {
            let path = format!("issuer/{}", byte.repeat(32));
            cold.put(&path, Bytes::from_static(b"issuer"))
                .await
                .unwrap();
        }
        let storage = IssuerStorage::new(Arc::clone(&cold) as Arc<dyn ColdStorage>);
        let mut issuers = Issuers::of(&storage);
        for _ in 0..256 {
            let logged = issuers.beside(&leaf(vec![[1; 32], [2; 32]])).await.unwrap();
            let chain = b"\0\0\x12\0\0\x06issuer\0\0\x06issuer";
            assert_eq!(logged.extra_data, chain);
        }
        assert_eq!(cold.reads.load(Ordering::Relaxed), 2);
        let absent = issuers.beside(&leaf(vec![[3; 32]])).await;
        assert!(matches!(absent, Err(Error::IssuerLost(_))));
    }
}
