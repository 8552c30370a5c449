//! The runs of an index: whatever happens to their files, what the index says that it covers is answered exactly, or it
//! says that a file is damaged and is exact after the next maintenance.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::parts;
use sigstead_index::{Index, IndexConfig, Key};
use tempfile::TempDir;

fuzz_target!(|data: &[u8]| {
    let [script, damage, ..] = parts(data)[..] else {
        return;
    };
    let script = &script[..script.len().min(MOST_ENTRIES)];
    let directory = TempDir::new().expect("there is room");
    write(directory.path(), script);
    // So few wrong bits are always seen: what is held to is a disk that errs, not one that forges checksums.
    for harm in damage.chunks_exact(4).take(MOST_HARMS) {
        hurt(directory.path(), harm);
    }
    let (index, _) = Index::open(directory.path(), config()).expect("damage is no obstacle");
    while !is_exact(&index, script) {
        index.maintain().ok();
    }
});

fn write(directory: &Path, script: &[u8]) {
    let (index, _) = Index::open(directory, config()).expect("there is room");
    for (position, word) in (0..).zip(script) {
        let posting = keys_of(*word).map(|key| (key, position));
        let postings: Vec<_> = posting.collect();
        let added = index.extend(position..position + 1, &postings);
        added.expect("one follows the other");
        if index.is_due() {
            index.maintain().expect("there is room");
        }
    }
}

/// Whether every key is answered; an answer that is wrong is a finding.
fn is_exact(index: &Index, script: &[u8]) -> bool {
    let covered = usize::try_from(index.covered()).expect("it was small");
    (0..KEYS).all(|number| {
        let key = key(number);
        let carries = |word: &u8| keys_of(*word).any(|each| each == key);
        let entries = (0_u64..).zip(&script[..covered]);
        let expected: Vec<u64> = entries
            .filter(|(_, word)| carries(word))
            .map(|(position, _)| position)
            .collect();
        let (Ok(found), Ok(first)) = (index.positions(&key, usize::MAX), index.first(&key)) else {
            return false;
        };
        assert_eq!(found, expected);
        assert_eq!(first, expected.first().copied());
        true
    })
}

/// Flips a bit of a file, cuts the file off, or removes it.
fn hurt(directory: &Path, harm: &[u8]) {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .expect("it is there")
        .map(|file| file.expect("it is there").path())
        .collect();
    files.sort();
    let [which, high, low, what] = *harm else {
        return;
    };
    let Some(path) = files.get(usize::from(which) % files.len().max(1)) else {
        return;
    };
    let mut bytes = fs::read(path).expect("it is there");
    let at = usize::from(u16::from_be_bytes([high, low])) % bytes.len().max(1);
    match what >> 6 {
        0 => return fs::remove_file(path).expect("it is there"),
        1 => bytes.truncate(at),
        _ => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << (what & 7)),
    }
    fs::write(path, bytes).expect("there is room");
}

/// Of a byte each half names a key, and zero names none.
fn keys_of(word: u8) -> impl Iterator<Item = Key> {
    let (one, other) = (word >> 4, word & 15);
    let other = (other != one).then_some(other);
    [Some(one), other]
        .into_iter()
        .flatten()
        .filter(|number| *number != 0)
        .map(key)
}

fn key(number: u8) -> Key {
    Key::new([number.wrapping_mul(17); 32])
}

fn config() -> IndexConfig {
    IndexConfig {
        tail_postings: 16,
        fan_out: 2,
        filter_bytes: 1024,
    }
}

const KEYS: u8 = 16;
const MOST_ENTRIES: usize = 256;
const MOST_HARMS: usize = 3;
