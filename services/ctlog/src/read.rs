//! Reading: checkpoint, tiles, issuers and proofs.

use bytes::Bytes;
use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafIndex};
use sigstead_sequencer::BundleReader;
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TileCoordinate};

use crate::CtLog;
use crate::error::Error;

/// A tile of the log.
pub enum TileFile {
    /// All of a tile of hashes.
    Hashes(Bytes),
    /// A data tile, which is yet to be read.
    Data(BundleReader),
}

impl CtLog {
    /// The newest signed checkpoint.
    ///
    /// # Errors
    /// If the log was not let begin, so that it has none.
    pub fn checkpoint(&self) -> Result<Bytes, Error> {
        let published = self.log.published();
        match published.note.is_empty() {
            true => Err(Error::NoHead),
            false => Ok(published.note.clone()),
        }
    }

    /// What is under a path below `tile/`: hashes, or the entries themselves, to be sent while they are read.
    ///
    /// # Errors
    /// If there is no such tile.
    pub async fn tile(&self, path: &str) -> Result<TileFile, Error> {
        let path = format!("tile/{path}");
        let found = match EntryBundleCoordinate::parse(&path, BundleKind::Data) {
            Ok(coordinate) => self.log.read_bundle(coordinate).await?.map(TileFile::Data),
            Err(_) => match TileCoordinate::parse(&path) {
                Ok(coordinate) => self.log.tile(coordinate).await?.map(TileFile::Hashes),
                Err(_) => None,
            },
        };
        found.ok_or(Error::NotFound("tile"))
    }

    /// The certificate whose SHA-256 is written in lower case hex.
    ///
    /// # Errors
    /// If no entry ever named it.
    pub async fn issuer(&self, fingerprint: &str) -> Result<Bytes, Error> {
        let fingerprint = parse_fingerprint(fingerprint).ok_or(Error::NotFound("issuer"))?;
        let issuer = self
            .issuers
            .find(&fingerprint)
            .await
            .map_err(Error::Issuers)?;
        issuer.ok_or(Error::NotFound("issuer"))
    }

    /// That an entry is in the tree of a size; the published one, if none is named.
    ///
    /// # Errors
    /// If the log has no such entry or never had that size.
    pub async fn inclusion_proof(
        &self,
        leaf_index: LeafIndex,
        tree_size: Option<u64>,
    ) -> Result<InclusionProof, Error> {
        let tree_size = tree_size.unwrap_or_else(|| self.log.published().head.size);
        Ok(self.log.inclusion_proof(leaf_index, tree_size).await?)
    }

    /// That the tree of one size is the beginning of that of another.
    ///
    /// # Errors
    /// If the log never had one of the sizes.
    pub async fn consistency_proof(
        &self,
        first_size: u64,
        second_size: u64,
    ) -> Result<ConsistencyProof, Error> {
        Ok(self.log.consistency_proof(first_size, second_size).await?)
    }
}

/// One spelling only, so that caches cannot be filled with others.
fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
