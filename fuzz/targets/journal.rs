//! Journals: a segment of any bytes is refused or read the same way twice, and then takes the next round. An input that is
//! no segment is a list of payloads, which are put into one with the checksums that they need: no mutation finds those.
#![no_main]

use std::fs;

use crc32c::crc32c;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};
use sigstead_fuzz::parts;
use sigstead_journal::{FileJournal, Journal as _, Round};
use sigstead_merkle::{RootHash, TreeHead};
use tempfile::TempDir;

fuzz_target!(|data: &[u8]| {
    let directory = TempDir::new().expect("there is room");
    let segment = if data.starts_with(MAGIC) {
        data.to_vec()
    } else {
        segment(&parts(data))
    };
    fs::write(directory.path().join(FIRST_SEGMENT), segment).expect("there is room");
    let open =
        || FileJournal::open_with(directory.path(), SEGMENT_BYTES).expect("nobody else has it");
    let mut journal = open();
    let Ok(mut rounds) = journal.load() else {
        return;
    };
    let Some(next) = next(rounds.last()) else {
        return;
    };
    let head = rounds
        .last()
        .map_or_else(TreeHead::empty, |round| round.head);
    if journal.reserve(next.encoded_bytes()).is_ok() && journal.commit(&head, &next).is_ok() {
        rounds.push(next);
    }
    drop(journal);
    let again = open().load().expect("it was read before");
    assert_eq!(again, rounds);
});

/// The first segment of a journal with these payloads in its records.
fn segment(payloads: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0; SECTOR_BYTES];
    bytes[..16].copy_from_slice(MAGIC);
    bytes[16..20].copy_from_slice(&1_u32.to_le_bytes());
    seal(&mut bytes);
    let mut chain = [0; 32];
    for (sequence, payload) in (0_u64..).zip(payloads) {
        chain = Sha256::digest([&chain, *payload].concat()).into();
        let length = u32::try_from(payload.len()).expect("a part is short");
        let mut header = [
            &length.to_le_bytes()[..],
            &crc32c(payload).to_le_bytes(),
            &sequence.to_le_bytes(),
            &chain,
        ]
        .concat();
        header.resize(HEADER_BYTES, 0);
        seal(&mut header);
        bytes.extend(header);
        bytes.extend_from_slice(payload);
        bytes.resize(bytes.len().next_multiple_of(HEADER_BYTES), 0);
    }
    bytes.resize(bytes.len().max(SEGMENT_BYTES), 0);
    bytes
}

/// Puts a checksum over the rest into the last four bytes.
fn seal(bytes: &mut [u8]) {
    let (covered, own) = bytes.split_at_mut(bytes.len() - 4);
    own.copy_from_slice(&crc32c(covered).to_le_bytes());
}

/// A round of a new checkpoint and no entries.
fn next(last: Option<&Round>) -> Option<Round> {
    let first = last.map_or(0, |round| round.head.size);
    let root = last.map_or_else(RootHash::of_empty, |round| round.head.root);
    Some(Round {
        first,
        head: TreeHead { size: first, root },
        time_millis: last.map_or(0, |round| round.time_millis).checked_add(1)?,
        checkpoint: b"checkpoint".as_slice().into(),
        entries: Vec::new(),
    })
}

const FIRST_SEGMENT: &str = "0000000000000000.segment";
const SEGMENT_BYTES: usize = 4096;
const SECTOR_BYTES: usize = 512;
const HEADER_BYTES: usize = 64;
const MAGIC: &[u8; 16] = b"sigstead-journal";
