//! What a posting and a question cost in an index of ten million keys, as the log's deduplication has them.
//!
//! `cargo bench -p sigstead-index -- POSTINGS` measures another size.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on must fail"
)]
#![expect(clippy::print_stdout, reason = "its result is what it prints")]

use std::time::Instant;

use sha2::{Digest as _, Sha256};
use sigstead_index::{Index, IndexConfig, Key};

fn main() {
    let size = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let size: u64 = size.unwrap_or(10_000_000);
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), IndexConfig::default())
        .unwrap()
        .0;
    let before = memory();
    let keys = Instant::now();
    (0..size / 10)
        .map(key)
        .for_each(|key| assert!(key != Key::new([0; 32])));
    let key_nanos = keys.elapsed().as_nanos() as f64 / (size / 10) as f64;
    let start = Instant::now();
    let mut maintaining = 0.0;
    for position in 0..size {
        index
            .extend(position..position + 1, &[(key(position), position)])
            .unwrap();
        if index.is_due() {
            let start = Instant::now();
            index.maintain().unwrap();
            maintaining += start.elapsed().as_secs_f64();
        }
    }
    let nanos = (start.elapsed().as_secs_f64() - maintaining) * 1e9 / size as f64 - key_nanos;
    let per_posting = maintaining * 1e9 / size as f64;
    println!(
        "{size} postings: {nanos:.0} ns each to add, {per_posting:.0} ns each in the background"
    );
    println!("{:?}", index.statistics());
    let bytes: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    println!(
        "{:.1} bytes on disk for one, {} MiB of memory more",
        bytes as f64 / size as f64,
        (memory() - before) / 1024
    );
    in_memory();
    for (what, first) in [("absent", size), ("present", 0)] {
        let mut times: Vec<_> = (0..100_000)
            .map(|number| {
                let key = key(first + number * 97 % size);
                let start = Instant::now();
                let found = index.first(&key).unwrap();
                let time = start.elapsed().as_nanos();
                assert_eq!(found.is_some(), what == "present");
                time
            })
            .collect();
        times.sort_unstable();
        let at = |share: f64| times[(times.len() as f64 * share) as usize] as f64 / 1000.0;
        println!("{what} keys: {:.2} us p50, {:.2} us p99", at(0.5), at(0.99));
    }
}

/// What one thread of a log does for every entry, as long as nothing is written: ask for it, and add it.
fn in_memory() {
    let index = Index::in_memory(IndexConfig::default());
    let keys: Vec<_> = (0..60_000).map(key).collect();
    let start = Instant::now();
    for (position, key) in (0..).zip(&keys) {
        assert_eq!(index.first(key).unwrap(), None);
        index
            .extend(position..position + 1, &[(*key, position)])
            .unwrap();
    }
    let adding = start.elapsed().as_nanos() / keys.len() as u128;
    let start = Instant::now();
    for (position, key) in (0..).zip(&keys) {
        assert_eq!(index.first_in_memory(key), Some(position));
    }
    let finding = start.elapsed().as_nanos() / keys.len() as u128;
    println!("in memory: {adding} ns to ask for one and add it, {finding} ns to find it");
}

fn key(number: u64) -> Key {
    Key::new(Sha256::digest(number.to_be_bytes()).into())
}

/// The memory of this process, in kB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
