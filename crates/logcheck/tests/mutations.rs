//! Plants every defect into a sound log and demands that it is found under its name.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod program;
mod world;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use sigstead_logcheck::Defect::{self, *};
use sigstead_logcheck::Face::{self, RekorV1, RekorV2, StaticCt};
use sigstead_logcheck::{Error, Log, LogKey, Memory, Request, Source};

use crate::world::{Key, Leaf, START, World, extensions, root};

const FACES: [Face; 3] = [RekorV1, RekorV2, StaticCt];

/// Two levels of tiles and an edge on both.
const SIZE: u64 = 600;

#[test]
fn sound_logs_of_every_face_and_size_have_no_defect() {
    for face in FACES {
        for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, SIZE] {
            for listed in [false, true] {
                let mut world = World::new(face, size);
                world.source.listed = listed;
                assert_sound(&world);
            }
        }
    }
}

#[test]
fn a_sound_log_of_three_levels_has_no_defect() {
    for face in FACES {
        let world = World::new(face, 65_536 + 300);
        assert_sound(&world);
        assert!(world.source.files.contains_key("tile/2/000.p/1"));
    }
}

#[test]
fn both_algorithms_of_keys_serve_rekor() {
    assert_sound(&World::with_key(RekorV1, SIZE, Key::ed25519()));
    assert_sound(&World::with_key(RekorV2, SIZE, Key::p256()));
}

#[test]
fn a_log_may_keep_the_partial_tiles_of_older_checkpoints() {
    for face in FACES {
        let mut world = World::new(face, SIZE);
        let older = World::new(face, 300);
        for (path, bytes) in older.source.files {
            if path.contains(".p/") {
                world.source.files.insert(path, bytes);
            }
        }
        world.source.listed = true;
        assert_sound(&world);
    }
}

#[test]
fn a_log_that_grows_while_it_is_read_has_no_defect() {
    for newer in [SIZE + 1, 768, 1_500] {
        let world = World::new(RekorV2, SIZE);
        let mut then = World::new(RekorV2, newer).source;
        for (path, bytes) in &world.source.files {
            // C2SP tlog-tiles: a partial tile may go only when the full one is there.
            let full = path.split(".p/").next().unwrap();
            if !then.files.contains_key(full) {
                then.files.insert(path.clone(), bytes.clone());
            }
        }
        let growing = Growing {
            first: world.source.clone(),
            then,
            asked: AtomicBool::new(false),
        };
        let key = LogKey::from_pem(&world.key.pem()).unwrap();
        let request = Request::new(Log::new(RekorV2, &world.origin, key).unwrap());
        let report = world::block_on(sigstead_logcheck::check(&growing, request)).unwrap();
        assert!(report.is_sound(), "{newer}: {report}");
        assert_eq!(report.size, Some(SIZE));
    }
}

/// A log that grew as soon as its checkpoint was read.
struct Growing {
    first: Memory,
    then: Memory,
    asked: AtomicBool,
}

#[async_trait::async_trait]
impl Source for Growing {
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.asked.swap(true, Ordering::SeqCst) {
            false => self.first.get(path).await,
            true => self.then.get(path).await,
        }
    }

    async fn list(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(None)
    }
}

fn assert_sound(world: &World) {
    let report = world.check();
    assert!(
        report.is_sound(),
        "{} of {}: {report}",
        world.face,
        world.size()
    );
    assert_eq!(report.size, Some(world.size()));
    assert_eq!(report.entries, world.size());
    assert_eq!(report.acks, world.ledger.len() as u64);
    assert_eq!(
        report.root,
        Some(hex::encode(root(&world.hashes(world.size()))))
    );
}

/// What is planted, where, and what it must be called.
type Mutation = (&'static str, Defect, Face, fn(&mut World));

#[test]
fn every_planted_defect_is_found_under_its_name() {
    let mutations = [
        checkpoints().as_slice(),
        &tiles(),
        &bundles(),
        &leaves(),
        &acknowledgements(),
        &promises(),
        &histories(),
    ]
    .concat();
    assert!(
        mutations.len() >= 30,
        "only {} are planted",
        mutations.len()
    );
    for (name, defect, face, plant) in &mutations {
        let mut world = World::new(*face, SIZE);
        plant(&mut world);
        let report = world.check();
        assert!(
            report.has(*defect),
            "{name} ({face}) is not {defect}: {report}"
        );
    }
    let planted: BTreeSet<_> = mutations.iter().map(|(_, defect, ..)| *defect).collect();
    assert_eq!(planted.len(), 39, "a sort of defect is never planted");
}

fn checkpoints() -> Vec<Mutation> {
    vec![
        ("no checkpoint", MissingCheckpoint, RekorV2, |world| {
            world.remove("checkpoint")
        }),
        ("carriage returns", MalformedNote, RekorV2, |world| {
            edit(world, |text| text.replace('\n', "\r\n"));
        }),
        ("no last line feed", MalformedNote, StaticCt, |world| {
            edit(world, |text| text.trim_end().to_owned());
        }),
        (
            "a size with a zero before it",
            MalformedNote,
            RekorV1,
            |world| {
                edit(world, |text| text.replace("\n600\n", "\n0600\n"));
            },
        ),
        ("another log's checkpoint", WrongOrigin, RekorV2, |world| {
            another_origin(world, "other.example");
        }),
        ("another tree's checkpoint", WrongOrigin, RekorV1, |world| {
            another_origin(world, "rekor.example - 43");
        }),
        (
            "a signature under another name",
            UnsignedCheckpoint,
            RekorV2,
            |world| {
                edit(world, |text| {
                    text.replace("— log.example ", "— other.example ")
                });
            },
        ),
        (
            "a signature under the origin of Rekor v1",
            UnsignedCheckpoint,
            RekorV1,
            |world| {
                edit(world, |text| {
                    text.replace("— rekor.example ", "— rekor.example-42 ")
                });
            },
        ),
        (
            "a signature by another key",
            UnsignedCheckpoint,
            StaticCt,
            |world| {
                world.key = Key::P256(p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap());
                let forged = world.checkpoint(SIZE);
                world.key = Key::p256();
                world.set_checkpoint(forged);
            },
        ),
        (
            "a root changed after signing",
            WrongSignature,
            RekorV1,
            |world| another_root(world, START),
        ),
        (
            "a root changed after signing",
            WrongSignature,
            RekorV2,
            |world| another_root(world, START),
        ),
        (
            "a time changed after signing",
            WrongSignature,
            StaticCt,
            |world| {
                another_root(world, START + SIZE);
            },
        ),
        (
            "a cosignature for clients of Rekor v1",
            ExtraSignature,
            RekorV1,
            |world| {
                edit(world, |text| text.clone() + "— witness.example AQIDBAUG\n");
            },
        ),
        (
            "an extension line of a CT log",
            ExtensionLine,
            StaticCt,
            |world| {
                let root = root(&world.hashes(SIZE));
                let text = world.published().split("\n\n").next().unwrap().to_owned();
                let text = world.signed(&format!("{text}\nmore\n"), SIZE, &root, START + SIZE);
                world.set_checkpoint(text);
            },
        ),
        (
            "a signed root of no tree",
            RootMismatch,
            StaticCt,
            |world| {
                let text = world.checkpoint_of(SIZE, &[5; 32], START + SIZE);
                world.set_checkpoint(text);
            },
        ),
    ]
}

fn tiles() -> Vec<Mutation> {
    vec![
        ("a hash of a leaf flipped", TileMismatch, RekorV2, |world| {
            flip(world, "tile/0/001")
        }),
        (
            "a hash of the edge flipped",
            TileMismatch,
            StaticCt,
            |world| {
                flip(world, "tile/0/002.p/88");
            },
        ),
        (
            "a hash of a node flipped",
            ParentMismatch,
            RekorV2,
            |world| flip(world, "tile/1/000.p/2"),
        ),
        ("no node tile", MissingTile, StaticCt, |world| {
            world.remove("tile/1/000.p/2")
        }),
        ("no tile at the edge", MissingTile, RekorV1, |world| {
            world.remove("tile/0/002.p/88")
        }),
        ("no full tile", MissingTile, RekorV2, |world| {
            world.remove("tile/0/000")
        }),
        ("a torn tile", TileLength, RekorV2, |world| {
            world.file("tile/0/000").pop();
        }),
        (
            "a tile of one hash too many",
            TileLength,
            RekorV2,
            |world| {
                world.file("tile/0/002.p/88").extend([1; 32]);
            },
        ),
        ("a wider tile than published", ExtraTile, RekorV2, |world| {
            add(world, "tile/0/002.p/89")
        }),
        (
            "a full tile that is not full yet",
            ExtraTile,
            RekorV1,
            |world| add(world, "tile/0/002"),
        ),
        ("a tile right of the edge", ExtraTile, StaticCt, |world| {
            add(world, "tile/0/003.p/1")
        }),
        (
            "a level that the tree has not",
            ExtraTile,
            RekorV2,
            |world| add(world, "tile/2/000.p/1"),
        ),
        (
            "a wider bundle than published",
            ExtraTile,
            StaticCt,
            |world| {
                add(world, "tile/data/002.p/256".trim_end_matches(".p/256"));
            },
        ),
        ("a bundle right of the edge", ExtraTile, RekorV1, |world| {
            add(world, "tile/entries/003.p/1")
        }),
        (
            "a tile among the files far away",
            ExtraTile,
            RekorV2,
            |world| list(world, "tile/0/x999/000"),
        ),
        (
            "a level among the files that cannot be",
            ExtraTile,
            RekorV2,
            |world| list(world, "tile/63/000"),
        ),
        ("a tile in another spelling", ExtraTile, RekorV2, |world| {
            list(world, "tile/0/x000/001")
        }),
        ("a bundle of another face", ExtraTile, RekorV2, |world| {
            list(world, "tile/data/000")
        }),
        (
            "a partial tile of another history",
            StalePartial,
            RekorV2,
            |world| {
                list(world, "tile/0/001.p/1");
            },
        ),
        (
            "a partial bundle of another history",
            StalePartial,
            StaticCt,
            |world| {
                list(world, "tile/data/002.p/8");
            },
        ),
    ]
}

fn bundles() -> Vec<Mutation> {
    vec![
        ("no bundle", MissingBundle, RekorV2, |world| {
            world.remove("tile/entries/001")
        }),
        ("no bundle at the edge", MissingBundle, StaticCt, |world| {
            world.remove("tile/data/002.p/88")
        }),
        ("no tile either", MissingBundle, RekorV1, |world| {
            world.remove("tile/entries/001");
            world.remove("tile/0/001");
        }),
        ("an entry changed", TileMismatch, RekorV2, |world| {
            let file = world.file("tile/entries/001");
            let place = file
                .windows(6)
                .position(|window| window == b"\"data\"")
                .unwrap();
            file[place + 7] ^= 1;
        }),
        (
            "an entry of a CT log changed",
            TileMismatch,
            StaticCt,
            |world| {
                world.file("tile/data/001")[3] ^= 1;
            },
        ),
        ("an entry too few", TooFewEntries, RekorV2, |world| {
            let last = framed(world, SIZE - 1).len();
            let file = world.file("tile/entries/002.p/88");
            file.truncate(file.len() - last);
        }),
        ("an entry too many", TooManyEntries, RekorV1, |world| {
            let more = framed(world, 0);
            world.file("tile/entries/000").extend(more);
        }),
        (
            "an entry of a CT log too many",
            TooManyEntries,
            StaticCt,
            |world| {
                let bytes = world.file("tile/data/001").clone();
                world.file("tile/data/000").extend(bytes);
            },
        ),
        (
            "a byte behind the entries",
            TrailingBytes,
            RekorV2,
            |world| {
                world.file("tile/entries/000").push(0);
            },
        ),
        (
            "a byte behind the leaves",
            TrailingBytes,
            StaticCt,
            |world| {
                world.file("tile/data/002.p/88").push(0);
            },
        ),
        ("a torn bundle", MalformedEntry, RekorV1, |world| {
            world.file("tile/entries/002.p/88").pop();
        }),
        (
            "a leaf of a sort that is none",
            MalformedEntry,
            StaticCt,
            |world| {
                world.file("tile/data/000")[9] = 2;
            },
        ),
    ]
}

fn leaves() -> Vec<Mutation> {
    vec![
        ("an entry logged twice", DuplicateLeaf, RekorV2, |world| {
            world.leaves[500] = world.leaves[10].clone();
            forget_and_publish(world);
        }),
        (
            "white space in a body",
            NonCanonicalBody,
            RekorV1,
            |world| {
                replace(
                    world,
                    r#"{"apiVersion": "0.0.1","kind":"hashedrekord","spec":{}}"#,
                );
            },
        ),
        ("members out of order", NonCanonicalBody, RekorV2, |world| {
            replace(
                world,
                r#"{"kind":"hashedrekord","apiVersion":"0.0.2","spec":{"hashedRekordV002":{}}}"#,
            );
        }),
        ("a member twice", NonCanonicalBody, RekorV1, |world| {
            replace(
                world,
                r#"{"apiVersion":"0.0.1","kind":"dsse","kind":"dsse","spec":{}}"#,
            );
        }),
        (
            "a body that is no JSON",
            NonCanonicalBody,
            RekorV2,
            |world| replace(world, "body"),
        ),
        ("a kind that is none", WrongEntryShape, RekorV1, |world| {
            replace(world, r#"{"apiVersion":"0.0.1","kind":"other","spec":{}}"#);
        }),
        (
            "a body of Rekor v1 in a log of v2",
            WrongEntryShape,
            RekorV2,
            |world| {
                replace(
                    world,
                    r#"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{}}}"#,
                );
            },
        ),
        (
            "a body of Rekor v2 in a log of v1",
            WrongEntryShape,
            RekorV1,
            |world| {
                replace(
                    world,
                    r#"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{}}}"#,
                );
            },
        ),
        (
            "a member that no entry has",
            WrongEntryShape,
            RekorV2,
            |world| {
                replace(
                    world,
                    r#"{"apiVersion":"0.0.2","kind":"hashedrekord","more":1,"spec":{"hashedRekordV002":{}}}"#,
                );
            },
        ),
        (
            "a leaf that says another index",
            LeafIndex,
            StaticCt,
            |world| {
                world.leaves[300] = Leaf::Certificate {
                    index: 302,
                    time: START,
                    der: b"certificate".to_vec(),
                };
                forget_and_publish(world);
            },
        ),
        ("no issuer", MissingIssuer, StaticCt, |world| {
            let path = issuer(world);
            world.remove(&path);
        }),
        (
            "another issuer under its name",
            IssuerMismatch,
            StaticCt,
            |world| {
                let path = issuer(world);
                world.file(&path).push(0);
            },
        ),
    ]
}

fn acknowledgements() -> Vec<Mutation> {
    vec![
        (
            "another leaf than acknowledged",
            AckedLeafMismatch,
            RekorV1,
            |world| another_leaf(world),
        ),
        (
            "another leaf than acknowledged",
            AckedLeafMismatch,
            RekorV2,
            |world| another_leaf(world),
        ),
        (
            "another certificate than acknowledged",
            AckedLeafMismatch,
            StaticCt,
            |world| {
                world.leaves[300] = Leaf::Certificate {
                    index: 300,
                    time: START + 300,
                    der: b"other".to_vec(),
                };
                world.publish();
            },
        ),
        (
            "an acknowledged leaf at another index",
            AckedLeafMismatch,
            RekorV2,
            |world| {
                world.leaves.swap(0, 1);
                world.publish();
            },
        ),
        (
            "two answers with one index",
            TwoLeavesForIndex,
            RekorV2,
            |world| {
                world.acknowledge(7, SIZE);
                world.acknowledge(8, SIZE);
                world.ledger.last_mut().unwrap().index = 7;
            },
        ),
        (
            "two timestamps with one index",
            TwoLeavesForIndex,
            StaticCt,
            |world| {
                let twin = Leaf::Certificate {
                    index: 0,
                    time: START + 1,
                    der: b"twin".to_vec(),
                };
                let mut ack = world.ledger[0].clone();
                ack.leaf_hash = None;
                ack.checkpoint = None;
                ack.proof = None;
                ack.sct = world.sct(&twin);
                world.ledger.push(ack);
            },
        ),
        (
            "acknowledged entries lost",
            AckedBeyondSize,
            RekorV1,
            |world| lose_half(world),
        ),
        (
            "acknowledged entries lost",
            AckedBeyondSize,
            StaticCt,
            |world| lose_half(world),
        ),
        (
            "an answer whose checkpoint is before its entry",
            AckNotCovered,
            RekorV2,
            |world| {
                let ack = world.ledger.len() - 1;
                world.ledger[ack].checkpoint = Some(world.checkpoint(SIZE / 2));
            },
        ),
        (
            "an answer that says two leaves",
            AckContradiction,
            RekorV2,
            |world| {
                world.ledger[0].leaf_hash = Some(hex::encode([1; 32]));
            },
        ),
        (
            "an answer with a forged checkpoint",
            UnsignedCheckpoint,
            RekorV1,
            |world| {
                world.ledger[0].checkpoint = world.ledger[0]
                    .checkpoint
                    .take()
                    .map(|text| text.replace("— rekor.example ", "— other.example "));
            },
        ),
        (
            "an answer with a torn checkpoint",
            MalformedNote,
            StaticCt,
            |world| {
                world.ledger[0].checkpoint = Some("ct.example/2026\n".to_owned());
            },
        ),
        (
            "a hash of a proof changed",
            ProofInvalid,
            RekorV1,
            |world| {
                world.ledger[0].proof.as_mut().unwrap()[3] = hex::encode([1; 32]);
            },
        ),
        ("a proof too short", ProofInvalid, RekorV2, |world| {
            world.ledger[0].proof.as_mut().unwrap().pop();
        }),
        ("a proof too long", ProofInvalid, StaticCt, |world| {
            let more = hex::encode([1; 32]);
            world.ledger[0].proof.as_mut().unwrap().push(more);
        }),
    ]
}

fn promises() -> Vec<Mutation> {
    vec![
        ("a set of another time", SetInvalid, RekorV1, |world| {
            world.ledger[0].set.as_mut().unwrap().integrated_time += 1;
        }),
        ("a set of another log", SetInvalid, RekorV1, |world| {
            world.ledger[0].set.as_mut().unwrap().log_id = hex::encode([1; 32]);
        }),
        ("a set without signature", SetInvalid, RekorV1, |world| {
            world.ledger[0].set.as_mut().unwrap().signature.clear();
        }),
        ("a set of another index", SetIndex, RekorV1, |world| {
            let set = world.set(&world.leaves[0], 1, START / 1000);
            world.ledger[0].set = Some(set);
        }),
        ("an sct of another time", SctInvalid, StaticCt, |world| {
            world.ledger[0].sct.as_mut().unwrap().timestamp += 1;
        }),
        ("an sct of another log", SctInvalid, StaticCt, |world| {
            world.ledger[0].sct.as_mut().unwrap().id.clear();
        }),
        (
            "an sct with bytes behind its signature",
            SctInvalid,
            StaticCt,
            |world| {
                let sct = world.ledger[0].sct.as_mut().unwrap();
                sct.signature = "BAMAAA==".to_owned();
            },
        ),
        ("an sct of another index", SctIndex, StaticCt, |world| {
            use base64::Engine as _;
            let other = base64::engine::general_purpose::STANDARD.encode(extensions(1));
            world.ledger[0].sct.as_mut().unwrap().extensions = other;
        }),
        ("an sct of no index", SctIndex, StaticCt, |world| {
            world.ledger[0].sct.as_mut().unwrap().extensions.clear();
        }),
    ]
}

fn histories() -> Vec<Mutation> {
    vec![
        (
            "a fork shown to an observer",
            InconsistentCheckpoint,
            RekorV2,
            |world| {
                world.observed[1].checkpoint =
                    world.checkpoint_of(SIZE / 2, &[5; 32], START + SIZE / 2);
            },
        ),
        (
            "a fork of the same size",
            InconsistentCheckpoint,
            RekorV1,
            |world| {
                let checkpoint = world.checkpoint_of(SIZE, &[5; 32], START + SIZE);
                world.observed[2].checkpoint = checkpoint;
            },
        ),
        (
            "a fork of the empty tree",
            InconsistentCheckpoint,
            RekorV2,
            |world| {
                world.observed[0].checkpoint = world.checkpoint_of(0, &[5; 32], START);
            },
        ),
        (
            "a fork since the last check",
            InconsistentCheckpoint,
            StaticCt,
            |world| {
                world.previous = Some(world.checkpoint_of(SIZE / 3, &[5; 32], START + SIZE / 3));
            },
        ),
        (
            "a history written anew",
            InconsistentCheckpoint,
            RekorV2,
            |world| {
                world.ledger.clear();
                another_leaf(world);
            },
        ),
        (
            "a fork shown to a client",
            InconsistentCheckpoint,
            StaticCt,
            |world| {
                let checkpoint = world.checkpoint_of(SIZE, &[5; 32], START + SIZE);
                world.ledger[0].checkpoint = Some(checkpoint);
                world.ledger[0].proof = None;
            },
        ),
        (
            "a log smaller than it was",
            SizeGoingBack,
            RekorV2,
            |world| lose_half(world),
        ),
        (
            "a log smaller than at the last check",
            SizeGoingBack,
            StaticCt,
            |world| {
                world.previous = Some(world.checkpoint(SIZE));
                world.observed.clear();
                lose_half(world);
            },
        ),
        (
            "an observer shown an older checkpoint",
            SizeGoingBack,
            RekorV1,
            |world| {
                world.observe(SIZE / 2, START + 2 * SIZE);
            },
        ),
        (
            "an observer shown an older time",
            TimeGoingBack,
            StaticCt,
            |world| {
                world.observe(SIZE, START + 9_000);
                world.observe(SIZE, START + 8_000);
                let now = world.checkpoint_of(SIZE, &root(&world.hashes(SIZE)), START + 9_000);
                world.set_checkpoint(now);
            },
        ),
        (
            "an older time than was observed",
            TimeGoingBack,
            StaticCt,
            |world| {
                world.observe(SIZE, START + 9_000);
            },
        ),
        (
            "a leaf younger than the published checkpoint",
            CheckpointOlderThanLeaf,
            StaticCt,
            |world| {
                let old = world.checkpoint_of(SIZE, &root(&world.hashes(SIZE)), START);
                world.set_checkpoint(old);
            },
        ),
        (
            "a leaf younger than an observed checkpoint",
            CheckpointOlderThanLeaf,
            StaticCt,
            |world| {
                world.observed[1].checkpoint =
                    world.checkpoint_of(SIZE / 2, &root(&world.hashes(SIZE / 2)), START);
            },
        ),
        (
            "a set younger than an observed checkpoint",
            CheckpointOlderThanLeaf,
            RekorV1,
            |world| {
                let set = world.set(&world.leaves[0], 0, START / 1000 + 60);
                world.ledger[0].set = Some(set);
            },
        ),
    ]
}

fn edit(world: &mut World, change: fn(&String) -> String) {
    let text = change(&world.published());
    world.set_checkpoint(text);
}

fn another_origin(world: &mut World, origin: &str) {
    let own = std::mem::replace(&mut world.origin, origin.to_owned());
    let other = world.checkpoint(SIZE);
    world.origin = own;
    world.set_checkpoint(other);
}

/// Puts the signature of another checkpoint under the right text.
fn another_root(world: &mut World, time: u64) {
    let other = world.checkpoint_of(SIZE, &[5; 32], time);
    let signature = other.split("\n\n").nth(1).unwrap();
    let own = world.published();
    let text = own.split("\n\n").next().unwrap();
    world.set_checkpoint(format!("{text}\n\n{signature}"));
}

fn flip(world: &mut World, path: &str) {
    world.file(path)[40] ^= 1;
}

fn add(world: &mut World, path: &str) {
    world.source.files.insert(path.to_owned(), vec![0; 32]);
}

fn list(world: &mut World, path: &str) {
    world.source.listed = true;
    add(world, path);
}

fn framed(world: &World, index: u64) -> Vec<u8> {
    let mut framed = Vec::new();
    world::put_vector(&mut framed, 2, &world.leaves[index as usize].leaf_bytes());
    framed
}

fn issuer(world: &World) -> String {
    let mut paths = world.source.files.keys();
    paths
        .find(|path| path.starts_with("issuer/"))
        .unwrap()
        .clone()
}

/// Puts a body into the log before anybody saw it.
fn replace(world: &mut World, body: &str) {
    world.leaves[400] = Leaf::body(body);
    forget_and_publish(world);
}

fn forget_and_publish(world: &mut World) {
    world.ledger.clear();
    world.observed.clear();
    world.previous = None;
    world.publish();
}

/// Writes the log anew with another entry where one was acknowledged.
fn another_leaf(world: &mut World) {
    let last = world.leaves.last().unwrap().clone();
    world.leaves[0] = last;
    world.leaves.pop();
    let body = world.leaves[1].leaf_bytes();
    let body = String::from_utf8(body).unwrap();
    world
        .leaves
        .push(Leaf::body(body.replace("\"data\":1", "\"data\":7777")));
    world.publish();
}

/// A restored copy: sound in itself, and shorter than what was acknowledged.
fn lose_half(world: &mut World) {
    world.leaves.truncate(SIZE as usize / 2);
    world.publish();
}
