//! Trees and their proofs, notes, tiles, and the files that a log keeps.

use std::fs;

use sigstead_checkpoint::{Checkpoint, Origin};
use sigstead_fuzz::{Numbers, join};
use sigstead_journal::{FileJournal, Journal as _, Round, RoundEntry};
use sigstead_merkle::{LeafIndex, NodeHash, TreeHead, prove_consistency, prove_inclusion};
use sigstead_note::{KeyName, NoteSignature, SignedNote, VerifierKey};
use sigstead_sequencer::{Anchor as _, Anchored, FileAnchor};
use sigstead_store::RecordFile;
use sigstead_tiles::{BundleKind, EntryBundle, EntryBundleCoordinate, Tile, TileCoordinate};
use tempfile::TempDir;

use crate::world::{World, sign};
use crate::{Seed, with_miss};

pub(crate) fn seeds(world: &World) -> Vec<Seed> {
    [
        proofs(),
        notes(world),
        witnesses(),
        paths(),
        tiles(),
        files(),
    ]
    .concat()
}

fn proofs() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (first, second) in [(0_u64, 1_u64), (3, 7), (4, 7), (8, 64), (63, 69), (6, 6)] {
        let numbers = [first.to_be_bytes(), second.to_be_bytes()].concat();
        let flat = |hashes: Vec<NodeHash>| {
            hashes
                .iter()
                .flat_map(|hash| *hash.as_bytes())
                .collect::<Vec<_>>()
        };
        if let Ok(proof) = prove_inclusion(&Numbers, LeafIndex::new(first), second) {
            let name = format!("inclusion-{first}-{second}");
            seeds.extend(with_miss(
                "merkle_proof",
                &name,
                join(&[&numbers, &flat(proof.hashes)]),
            ));
        }
        if let Ok(proof) = prove_consistency(&Numbers, first, second) {
            let name = format!("consistency-{first}-{second}");
            seeds.extend(with_miss(
                "merkle_proof",
                &name,
                join(&[&numbers, &flat(proof.hashes)]),
            ));
        }
    }
    seeds
}

pub(crate) fn head(size: u64) -> TreeHead {
    TreeHead {
        size,
        root: Numbers::root(size),
    }
}

/// A checkpoint of a size, signed by the log.
pub(crate) fn checkpoint(world: &World, origin: &str, head: TreeHead) -> String {
    let text = Checkpoint::new(Origin::parse(origin).expect("an origin"), head).text();
    // In front of a tree of Rekor v1 stands its host, which signs.
    let host = origin.split(' ').next().expect("there is a first");
    let name = KeyName::parse(host).expect("a name");
    let key_id = VerifierKey::new(name.clone(), world.log.public_key().clone()).key_id();
    let signature = sign(&world.log, text.as_bytes());
    SignedNote {
        text,
        signatures: vec![NoteSignature {
            name,
            key_id,
            signature,
        }],
    }
    .encode()
}

fn notes(world: &World) -> Vec<Seed> {
    let note = checkpoint(world, "log.example.com", head(7));
    let extended = note.replace("\n\n", "\nan extension\n\n");
    let (text, line) = note.rsplit_once("\n\n").expect("a note");
    let double = format!("{text}\n\n{line}{line}");
    let mut seeds = Vec::new();
    for target in ["note", "checkpoint"] {
        seeds.extend(with_miss(target, "signed", &note));
        seeds.push(Seed::new(target, "extended", &extended));
        seeds.push(Seed::new(target, "signed-twice", &double));
        seeds.push(Seed::new(target, "unsigned", format!("{text}\n")));
        seeds.push(Seed::new(
            target,
            "empty-tree",
            checkpoint(world, "a", TreeHead::empty()),
        ));
    }
    seeds
}

/// A key and a policy of litewitness (filippo.io/torchwood v0.9.0).
fn witnesses() -> Vec<Seed> {
    let policy =
        |quorum| format!("log {LOG_KEY}\nwitness w1 {WITNESS_KEY} https://w1.example/\n{quorum}");
    let groups = "witness w2 other.example.com/w2+9bcc7f54+BPYHgEhDhsUEdNWsQcCe6nMsZ5LEytOM4lICb0547T3e\n\
                  group g 1 w1\ngroup h all g w1\n# who suffices\nquorum h\n";
    let mut seeds = with_miss("witness", "key", WITNESS_KEY);
    seeds.extend(with_miss("witness", "policy", policy("quorum w1\n")));
    seeds.push(Seed::new("witness", "groups", policy(groups)));
    seeds.push(Seed::new(
        "witness",
        "nested",
        policy(groups.split_once('\n').expect("lines").1),
    ));
    seeds.push(Seed::new("witness", "none", policy("quorum none\n")));
    seeds
}

const WITNESS_KEY: &str =
    "witness.example.com/w1+9bcc7f54+BPYHgEhDhsUEdNWsQcCe6nMsZ5LEytOM4lICb0547T3e";
const LOG_KEY: &str = "log.example.com+8163c202+AZf/yIPIC+5yN++V2bm3A9StY+YKIeYFhnaCt1uLP0MD";

fn paths() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (number, (level, index, width)) in [
        (0, 0, 256),
        (0, 1_234_067, 8),
        (63, 999, 255),
        (3, u64::MAX, 256),
    ]
    .into_iter()
    .enumerate()
    {
        let tile = TileCoordinate::new(level, index, width)
            .expect("a tile")
            .path();
        seeds.extend(with_miss("tile_path", &format!("tile-{number}"), tile));
        let bundle = EntryBundleCoordinate::new(index, width).expect("a bundle");
        for (name, kind) in [("entries", BundleKind::Entries), ("data", BundleKind::Data)] {
            seeds.extend(with_miss(
                "tile_path",
                &format!("{name}-{number}"),
                bundle.path(kind),
            ));
        }
    }
    seeds
}

fn tiles() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for width in [1_u16, 5, 256] {
        let leaves = (0..u64::from(width)).map(|number| Numbers::leaf(number).into());
        let tile = Tile::new(leaves.collect()).expect("a tile").encode();
        let prefixed = [width.to_be_bytes().as_slice(), &tile].concat();
        seeds.extend(with_miss("tile", &format!("tile-{width}"), prefixed));
        let entries = (0..width).map(|number| vec![7; usize::from(number % 40)]);
        let bundle = EntryBundle::new(entries.collect())
            .expect("a bundle")
            .encode();
        let prefixed = [width.to_be_bytes().as_slice(), &bundle].concat();
        seeds.extend(with_miss("tile", &format!("bundle-{width}"), prefixed));
    }
    seeds
}

fn files() -> Vec<Seed> {
    let directory = TempDir::new().expect("there is room");
    let place = directory.path().join("anchor");
    let mut anchor = FileAnchor::new(&place);
    for size in [3, 7] {
        anchor
            .store(&Anchored {
                head: head(size),
                time_millis: size,
            })
            .expect("there is room");
    }
    let mut seeds = with_miss(
        "anchor",
        "two-heads",
        fs::read(&place).expect("it was written"),
    );

    let place = directory.path().join("records");
    let (mut file, _) = RecordFile::open(&place).expect("there is room");
    for record in [b"".as_slice(), b"one", &[0; 600]] {
        file.append(record).expect("there is room");
    }
    drop(file);
    let records = fs::read(&place).expect("it was written");
    seeds.push(Seed::new(
        "record_file",
        "torn",
        &records[..records.len() - 5],
    ));
    seeds.extend(with_miss("record_file", "three-records", records));
    seeds.extend(journal());
    seeds
}

fn journal() -> Vec<Seed> {
    let directory = TempDir::new().expect("there is room");
    let mut journal = FileJournal::open_with(directory.path(), 4096).expect("there is room");
    journal.load().expect("it is new");
    let mut before = TreeHead::empty();
    for size in [1, 3, 3] {
        let entry = |number| RoundEntry {
            bundle: b"\0\x05entry".as_slice().into(),
            leaf_hash: Numbers::leaf(number),
            side: b"side".as_slice().into(),
        };
        let round = Round {
            first: before.size,
            head: head(size),
            time_millis: 1_700_000_000_000 + size,
            checkpoint: b"checkpoint".as_slice().into(),
            entries: (before.size..size).map(entry).collect(),
        };
        journal
            .reserve(round.encoded_bytes())
            .expect("there is room");
        journal.commit(&before, &round).expect("there is room");
        before = round.head;
    }
    drop(journal);
    let segment =
        fs::read(directory.path().join("0000000000000000.segment")).expect("it was written");
    let mut seeds = with_miss("journal", "payloads", join(&payloads(&segment)));
    let mut torn = segment.clone();
    torn[1100..].fill(0);
    seeds.extend(with_miss("journal", "three-rounds", &segment));
    seeds.push(Seed::new("journal", "torn", torn));
    let mut damaged = segment;
    damaged[600] ^= 1;
    seeds.push(Seed::new("journal", "damaged", damaged));
    seeds
}

/// What stands in the records of a segment, behind headers of 64 bytes that begin with a length.
fn payloads(segment: &[u8]) -> Vec<&[u8]> {
    let mut payloads = Vec::new();
    let mut rest = &segment[512..];
    while let Some((length, _)) = rest.split_first_chunk()
        && *length != [0; 4]
    {
        let length = u32::from_le_bytes(*length) as usize;
        payloads.push(&rest[64..64 + length]);
        rest = &rest[(64 + length).next_multiple_of(64)..];
    }
    payloads
}
