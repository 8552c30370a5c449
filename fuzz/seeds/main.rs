//! Writes the stored corpus: for each target a few inputs that our own crates make, and near misses of them.
//!
//! File map: `world.rs` the instance that the inputs are from; `logs.rs` trees, notes, tiles and files; `pki.rs`
//! certificates, certificate logs and timestamps; `documents.rs` requests and configuration; `carried.rs` what comes on media; `trust.rs` trust
//! documents and bundles; `verifiers.rs` whole logs, answers of witnesses and indexes; this file writes.
//!
//! Keys are made anew each time, so the bytes differ from run to run; what they mean does not.

mod carried;
mod documents;
mod logs;
mod pki;
mod trust;
mod verifiers;
mod world;

use std::fs;
use std::path::PathBuf;

use world::World;

fn main() {
    let world = World::new();
    for seed in [
        carried::seeds(),
        logs::seeds(&world),
        pki::seeds(&world),
        documents::seeds(&world),
        trust::seeds(&world),
        verifiers::seeds(&world),
    ]
    .concat()
    {
        seed.write();
    }
}

/// One stored input.
#[derive(Clone)]
struct Seed {
    target: &'static str,
    name: String,
    bytes: Vec<u8>,
}

impl Seed {
    fn new(target: &'static str, name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self {
            target,
            name: name.into(),
            bytes: bytes.as_ref().to_vec(),
        }
    }

    fn write(&self) {
        let directory: PathBuf = [env!("CARGO_MANIFEST_DIR"), "corpus", self.target]
            .iter()
            .collect();
        fs::create_dir_all(&directory).expect("the corpus can be written");
        fs::write(directory.join(&self.name), &self.bytes).expect("the corpus can be written");
    }
}

/// The bytes, and the bytes with one bit wrong in the middle.
fn with_miss(target: &'static str, name: &str, bytes: impl AsRef<[u8]>) -> Vec<Seed> {
    let valid = Seed::new(target, name, bytes);
    let mut miss = valid.clone();
    miss.name.push_str("-miss");
    let middle = miss.bytes.len() / 2;
    if let Some(byte) = miss.bytes.get_mut(middle) {
        *byte ^= 1;
    }
    vec![valid, miss]
}

/// A file of another crate's test data.
fn test_data(path: &str) -> Vec<u8> {
    let place: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "crates", path]
        .iter()
        .collect();
    fs::read(place).expect("the test data is there")
}
