//! The files of a bundle in cold storage: its entries, and what stands beside their leaves.

use bytes::{BufMut, Bytes, BytesMut};

use crate::entry::RecordedEntry;

/// The bytes of a bundle.
pub(crate) fn encode_bundle(entries: &[&RecordedEntry]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(entries.iter().map(|entry| entry.bundle.len()).sum());
    for entry in entries {
        bytes.extend_from_slice(&entry.bundle);
    }
    bytes.freeze()
}

/// The bytes of a bundle's side file, or `None` when all is in the leaves: four bytes of length before each part, and
/// behind all parts their checksum, since no tree covers them.
pub(crate) fn encode_side(bundle: u64, entries: &[&RecordedEntry]) -> Option<Bytes> {
    if entries.iter().all(|entry| entry.side.is_empty()) {
        return None;
    }
    let mut bytes = BytesMut::new();
    for entry in entries {
        // A side is bounded by the journal's own four bytes of length.
        bytes.put_u32(entry.side.len() as u32);
        bytes.extend_from_slice(&entry.side);
    }
    bytes.put_u32(side_checksum(bundle, &bytes));
    Some(bytes.freeze())
}

/// The parts of a bundle's side file, or `None` when they are not what was written.
pub(crate) fn decode_sides(bundle: u64, mut file: Bytes) -> Option<Vec<Bytes>> {
    let (parts, checksum) = file.split_last_chunk()?;
    if side_checksum(bundle, parts) != u32::from_be_bytes(*checksum) {
        return None;
    }
    file.truncate(parts.len());
    let mut sides = Vec::new();
    while !file.is_empty() {
        let length = u32::from_be_bytes(*file.first_chunk()?) as usize;
        if file.len() < SIDE_LENGTH_BYTES + length {
            return None;
        }
        let _ = file.split_to(SIDE_LENGTH_BYTES);
        sides.push(file.split_to(length));
    }
    Some(sides)
}

/// Of the place as well, so that the file of another bundle is none of this one.
fn side_checksum(bundle: u64, parts: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bundle.to_be_bytes()), parts)
}

const SIDE_LENGTH_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_file_gives_back_its_parts_and_nothing_else() {
        let sides = ["", "one", "", "three"];
        let entries = sides.map(|side| RecordedEntry {
            bundle: Bytes::new(),
            side: Bytes::from(side),
        });
        let entries: Vec<_> = entries.iter().collect();
        assert_eq!(encode_side(7, &entries[..1]), None);
        let file = encode_side(7, &entries).unwrap();
        let decoded = decode_sides(7, file.clone()).unwrap();
        assert!(decoded.iter().eq(sides.iter()));
        assert_eq!(decode_sides(8, file.clone()), None);
        assert_eq!(decode_sides(7, file.slice(..file.len() - 1)), None);
        for bit in 0..file.len() * 8 {
            let mut flipped = file.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode_sides(7, flipped.into()), None);
        }
    }
}
