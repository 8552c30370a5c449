//! A round as bytes: the payload of one record.

use bytes::{Buf, BufMut, Bytes};
use sigstead_merkle::{LeafHash, RootHash, TreeHead};

use crate::{Round, RoundEntry};

impl Round {
    /// The size of the round in a journal, without the journal's own framing.
    pub fn encoded_bytes(&self) -> usize {
        let entries: usize = self.entries.iter().map(RoundEntry::encoded_bytes).sum();
        FIXED_BYTES + self.checkpoint.len() + entries
    }

    /// Appends the round to a buffer.
    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        to.put_u64_le(self.first);
        to.put_u64_le(self.head.size);
        to.put_slice(self.head.root.as_bytes());
        to.put_u64_le(self.time_millis);
        put_bytes(to, &self.checkpoint);
        // Rounds are bounded far below four billion entries.
        to.put_u32_le(self.entries.len() as u32);
        for entry in &self.entries {
            put_bytes(to, &entry.bundle);
            to.put_slice(entry.leaf_hash.as_bytes());
            put_bytes(to, &entry.side);
        }
    }

    /// Reads a round back; `None` for anything that [`Round::encode`] does not write.
    pub(crate) fn decode(payload: &[u8]) -> Option<Self> {
        let mut rest = payload;
        let first = rest.try_get_u64_le().ok()?;
        let size = rest.try_get_u64_le().ok()?;
        let root = RootHash::from_bytes(take_hash(&mut rest)?);
        let time_millis = rest.try_get_u64_le().ok()?;
        let checkpoint = take_bytes(&mut rest)?;
        let count = rest.try_get_u32_le().ok()?;
        if size.checked_sub(first) != Some(u64::from(count)) {
            return None;
        }
        // The count is only trusted as far as the bytes reach.
        let mut entries = Vec::with_capacity((count as usize).min(rest.len() / ENTRY_FIXED_BYTES));
        for _ in 0..count {
            entries.push(take_entry(&mut rest)?);
        }
        let head = TreeHead { size, root };
        rest.is_empty().then_some(Self {
            first,
            head,
            time_millis,
            checkpoint,
            entries,
        })
    }
}

impl RoundEntry {
    /// The size of the entry in a journal.
    pub fn encoded_bytes(&self) -> usize {
        ENTRY_FIXED_BYTES + self.bundle.len() + self.side.len()
    }
}

fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    // Entries and checkpoints are bounded far below four gigabytes.
    to.put_u32_le(bytes.len() as u32);
    to.put_slice(bytes);
}

fn take_entry(rest: &mut &[u8]) -> Option<RoundEntry> {
    let bundle = take_bytes(rest)?;
    let leaf_hash = LeafHash::from_bytes(take_hash(rest)?);
    Some(RoundEntry {
        bundle,
        leaf_hash,
        side: take_bytes(rest)?,
    })
}

fn take_hash(rest: &mut &[u8]) -> Option<[u8; 32]> {
    let (hash, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*hash)
}

fn take_bytes(rest: &mut &[u8]) -> Option<Bytes> {
    let length = rest.try_get_u32_le().ok()?;
    let (bytes, behind) = rest.split_at_checked(length as usize)?;
    *rest = behind;
    // A copy of its own: a slice would keep the whole segment in memory for as long as one entry lives.
    Some(Bytes::copy_from_slice(bytes))
}

const FIXED_BYTES: usize = 8 + 8 + 32 + 8 + 4 + 4;

const ENTRY_FIXED_BYTES: usize = 4 + 32 + 4;
