use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use sigstead_tiles::EntryBundleCoordinate;

use crate::error::Error;
use crate::tree::Tree;
use crate::tree::cold_bundle::{ColdBundle, PIECE};
use crate::tree::edge::WIDTH;

/// A bundle, read while it is sent: pieces of whole entries, each checked against the tree before it is given.
///
/// Between two pieces it holds neither entries nor a file, so that many bundles may be under way to callers who take nothing.
pub struct BundleReader {
    tree: Arc<Tree>,
    wanted: EntryBundleCoordinate,
    length: Option<u64>,
    /// How many entries were given, and how many bytes.
    given: u16,
    given_bytes: u64,
    cold: Option<ColdBundle>,
}

impl BundleReader {
    /// Begins with a bundle, or answers `None` when the log of `size` has none of that width.
    pub(crate) async fn open(
        tree: &Arc<Tree>,
        size: u64,
        wanted: EntryBundleCoordinate,
    ) -> Result<Option<Self>, Error> {
        if !wanted.is_within(size) {
            return Ok(None);
        }
        let mut reader = Self {
            tree: Arc::clone(tree),
            length: held_length(tree, wanted),
            wanted,
            given: 0,
            given_bytes: 0,
            cold: None,
        };
        if reader.length.is_none() {
            let cold = reader.open_cold().await?;
            reader.length = (!wanted.is_partial()).then(|| cold.length());
            reader.cold = Some(cold);
        }
        Ok(Some(reader))
    }

    /// All of a bundle at once.
    pub(crate) async fn whole(
        tree: &Arc<Tree>,
        size: u64,
        wanted: EntryBundleCoordinate,
    ) -> Result<Option<Bytes>, Error> {
        let Some(mut reader) = Self::open(tree, size, wanted).await? else {
            return Ok(None);
        };
        let length = usize::try_from(reader.length.unwrap_or_default()).unwrap_or_default();
        let mut bytes = BytesMut::with_capacity(length);
        while let Some(piece) = reader.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes.freeze()))
    }

    /// The length in bytes. It is not known beforehand of a part of a bundle that is full by now.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes, at most a few hundred KiB, or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Cold`] and [`Error::ObjectDamaged`]; what was given before is right.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.given >= self.wanted.width() {
            return Ok(None);
        }
        let held = self.cold.is_none().then(|| self.next_held()).flatten();
        let (bytes, entries) = match held {
            Some(held) => held,
            None => self.next_cold().await?,
        };
        self.given += entries;
        self.given_bytes += bytes.len() as u64;
        Ok(Some(bytes))
    }

    /// What is in memory of it. It may leave memory at any moment, and is in cold storage then.
    fn next_held(&self) -> Option<(Bytes, u16)> {
        let first = self.wanted.index() * WIDTH + u64::from(self.given);
        let edge = self.tree.edge();
        let (mut bytes, mut entries) = (BytesMut::new(), 0);
        while self.given + entries < self.wanted.width() && bytes.len() < PIECE {
            let entry = edge.entry(first + u64::from(entries))?;
            bytes.extend_from_slice(&entry.bundle);
            entries += 1;
        }
        Some((bytes.freeze(), entries))
    }

    async fn next_cold(&mut self) -> Result<(Bytes, u16), Error> {
        let mut cold = match self.cold.take() {
            Some(cold) => cold,
            None => self.open_cold().await?,
        };
        let piece = cold.next().await?;
        self.cold = Some(cold);
        // A bundle has as many entries as its tile has columns, or reading it failed.
        let piece = piece.ok_or_else(|| Error::Inconsistent {
            why: format!("bundle {} ends too early", self.wanted.index()),
        })?;
        let rest = usize::from(self.wanted.width() - self.given);
        let entries = piece.ends.len().min(rest);
        let end = piece.ends.get(..entries).and_then(<[usize]>::last);
        let bytes = piece.bytes.slice(..end.copied().unwrap_or_default());
        Ok((bytes, entries as u16))
    }

    async fn open_cold(&self) -> Result<ColdBundle, Error> {
        let wanted = 0..usize::from(self.wanted.width());
        let cold = self.tree.cold.bundle(self.wanted.index(), wanted).await?;
        Ok(cold.at(usize::from(self.given), self.given_bytes))
    }
}

/// How long a bundle is that is wholly in memory.
fn held_length(tree: &Tree, wanted: EntryBundleCoordinate) -> Option<u64> {
    let edge = tree.edge();
    let entries = edge.bundle_entries(wanted.index(), wanted.width())?;
    let lengths = entries.iter().map(|entry| entry.bundle.len() as u64);
    Some(lengths.sum())
}
