//! One record: a header of 64 bytes, a payload, zeros up to the next multiple of 64.
//!
//! A header never straddles a sector, so a power cut leaves it whole or absent; its own checksum tells a damaged one from
//! an absent one. The chain hash binds every payload to all before it.

use sha2::{Digest, Sha256};

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) payload_checksum: u32,
    /// The record's number since the journal began.
    pub(crate) sequence: u64,
    /// SHA-256 over the chain hash before and the payload.
    pub(crate) chain: Chain,
}

pub(crate) type Chain = [u8; 32];

impl Header {
    pub(crate) fn of(payload: &[u8], sequence: u64, before: &Chain) -> Self {
        Self {
            length: payload.len() as u32,
            payload_checksum: crc32c::crc32c(payload),
            sequence,
            chain: chain(before, payload),
        }
    }

    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.payload_checksum.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.chain);
        let own = crc32c::crc32c(&bytes[..HEADER_BYTES - 4]);
        bytes[HEADER_BYTES - 4..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// `None` when the bytes are not a header that was written.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (covered, own) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(covered) != u32::from_le_bytes(*own) {
            return None;
        }
        let (length, rest) = bytes.split_first_chunk()?;
        let (payload_checksum, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (chain, _) = rest.split_first_chunk()?;
        Some(Self {
            length: u32::from_le_bytes(*length),
            payload_checksum: u32::from_le_bytes(*payload_checksum),
            sequence: u64::from_le_bytes(*sequence),
            chain: *chain,
        })
    }

    pub(crate) fn matches(&self, payload: &[u8], before: &Chain) -> bool {
        crc32c::crc32c(payload) == self.payload_checksum && chain(before, payload) == self.chain
    }
}

/// The space that a payload of so many bytes takes.
pub(crate) fn record_bytes(payload_bytes: usize) -> usize {
    (HEADER_BYTES + payload_bytes).next_multiple_of(HEADER_BYTES)
}

fn chain(before: &Chain, payload: &[u8]) -> Chain {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(payload);
    hash.finalize().into()
}

/// Divides a sector, so that no header stands in two.
pub(crate) const HEADER_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_and_any_flipped_bit_is_noticed() {
        let header = Header::of(b"payload", 7, &[9; 32]);
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        for bit in 0..HEADER_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn a_payload_matches_only_behind_its_own_past() {
        let header = Header::of(b"payload", 7, &[9; 32]);
        assert!(header.matches(b"payload", &[9; 32]));
        assert!(!header.matches(b"payloae", &[9; 32]));
        assert!(!header.matches(b"payload", &[8; 32]));
    }
}
