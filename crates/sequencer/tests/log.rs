//! What a log promises while all goes well.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use sigstead_cold::ColdStorage as _;
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_sequencer::Error;
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TileCoordinate};
use world::{Text, World, add, add_held, add_many, check, check_acknowledged, eventually, reason};

#[tokio::test]
async fn a_new_log_publishes_its_empty_tree() {
    let world = World::new();
    let log = world.open_and_audit().await;
    assert_eq!(log.published().head, sigstead_merkle::TreeHead::empty());
    assert_eq!(world.anchor.stored().unwrap().head.size, 0);
    log.shutdown().await;
    assert_eq!(world.open_and_audit().await.published().head.size, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousands_of_entries_have_one_index_each_and_survive_a_restart() {
    let world = World::new();
    let log = world.open().await;
    let mut indexes = BTreeSet::new();
    let mut acknowledged = Vec::new();
    for burst in 0..3 {
        for (text, included) in add_many(&log, &format!("burst {burst}"), 1_100).await {
            let included = included.unwrap();
            assert!(
                indexes.insert(included.leaf_index),
                "{} was given twice",
                included.leaf_index
            );
            assert!(included.leaf_index.value() < included.checkpoint.head.size);
            acknowledged.push((text, included.leaf_index));
        }
    }
    assert_eq!(indexes.last().unwrap().value(), 3_299);
    eventually("flushing", || log.health().bundles_in_cold == 12).await;
    eventually("trimming", || world.journal.rounds() < 5).await;
    let audited = world.audit(&log).await.unwrap();
    assert_eq!(
        (audited.head.size, audited.bundles, audited.tiles),
        (3_300, 13, 14)
    );
    check_acknowledged(&log, &acknowledged).await;
    log.shutdown().await;

    let log = world.open_and_audit().await;
    assert_eq!(log.published().head, audited.head);
    check_acknowledged(&log, &acknowledged).await;
    add(&log, "one more").await.unwrap();
    world.audit(&log).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_arrives_during_a_commit_shares_the_next_one() {
    let world = World::new();
    let log = world.open().await;
    let before = world.journal.commits();
    let first = add_held(&world, &log).await;
    let rest = tokio::spawn({
        let log = log.clone();
        async move { add_many(&log, "rest", 500).await }
    });
    eventually("queueing", || log.health().waiting == 500).await;
    world.journal.resume();
    assert_eq!(first.await.unwrap().checkpoint.head.size, 1);
    for (_, included) in rest.await.unwrap() {
        assert_eq!(included.unwrap().checkpoint.head.size, 501);
    }
    assert_eq!(world.journal.commits() - before, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refuses_early_when_too_many_wait_and_answers_those_it_took() {
    let mut world = World::new();
    world.config.queue_limit = 10;
    let log = world.open().await;
    let first = add_held(&world, &log).await;
    let flood = tokio::spawn({
        let log = log.clone();
        async move { add_many(&log, "flood", 200).await }
    });
    eventually("a full queue", || log.health().waiting == 10).await;
    let refused = add(&log, "late").await;
    assert!(
        matches!(refused, Err(Error::Overloaded { retry_after }) if retry_after > Duration::ZERO)
    );
    world.journal.resume();
    first.await.unwrap();
    let answers = flood.await.unwrap();
    assert!(answers.iter().filter(|(_, answer)| answer.is_ok()).count() >= 10);
    assert!(
        answers
            .iter()
            .all(|(_, answer)| matches!(answer, Ok(_) | Err(Error::Overloaded { .. })))
    );
    add(&log, "later").await.unwrap();
    world.audit(&log).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_entries_at_once_are_one_entry() {
    let world = World::new();
    let log = world.open().await;
    let first = add_held(&world, &log).await;
    let additions: Vec<_> = (0..50)
        .map(|number| {
            let log = log.clone();
            let text = if number % 2 == 0 { "same" } else { "held" };
            tokio::spawn(async move { (text, log.add(Text::boxed(text)).await.unwrap()) })
        })
        .collect();
    eventually("queueing", || log.health().waiting == 50).await;
    world.journal.resume();
    first.await.unwrap();
    let mut originals = 0;
    for addition in additions {
        let (text, included) = addition.await.unwrap();
        check(text, &included);
        assert_eq!(
            included.leaf_index,
            LeafIndex::new(u64::from(text == "same"))
        );
        originals += usize::from(!included.is_duplicate);
    }
    assert_eq!((originals, log.published().head.size), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_duplicate_is_found_in_memory_in_cold_storage_and_after_a_restart() {
    let world = World::new();
    let log = world.open().await;
    world.clock.store(2_000_000, Ordering::Relaxed);
    let original = add(&log, "original").await.unwrap();
    world.clock.store(3_000_000, Ordering::Relaxed);
    let again = add(&log, "original").await.unwrap();
    assert!(again.is_duplicate && !original.is_duplicate);
    assert_eq!(again.leaf_index, original.leaf_index);
    // Leaves of this format do not tell when they were sealed.
    assert_eq!((original.time_millis, again.time_millis), (2_000_000, 0));

    add_many(&log, "others", 600).await;
    eventually("flushing", || log.health().bundles_in_cold == 2).await;
    let again = add(&log, "original").await.unwrap();
    assert!(again.is_duplicate && again.proof.tree_size == 601);
    log.shutdown().await;

    let log = world.open().await;
    for text in ["original", "others 17", "others 599"] {
        assert!(add(&log, text).await.unwrap().is_duplicate, "{text}");
    }
    assert_eq!(log.published().head.size, 601);
    assert!(!add(&log, "new").await.unwrap().is_duplicate);
}

#[tokio::test]
async fn two_entries_under_one_key_are_two_entries() {
    let world = World::new();
    let log = world.open().await;
    let keyed = |text: &str| {
        Box::new(Text {
            key: Some([7; 32]),
            ..Text::new(text)
        })
    };
    for (index, text) in (0..).zip(["a", "b", "c"]) {
        let included = log.add(keyed(text)).await.unwrap();
        check(text, &included);
        assert_eq!(
            (included.leaf_index.value(), included.is_duplicate),
            (index, false)
        );
    }
    let included = log.add(keyed("a")).await.unwrap();
    assert_eq!(
        (included.leaf_index.value(), included.is_duplicate),
        (0, true)
    );
}

#[tokio::test]
async fn an_entry_without_a_key_is_never_a_duplicate() {
    let log = World::new().open().await;
    for index in 0..3 {
        let included = log
            .add(Box::new(Text {
                key: None,
                ..Text::new("same")
            }))
            .await
            .unwrap();
        assert_eq!(included.leaf_index.value(), index);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_in_the_leaf_is_kept_beside_it() {
    let world = World::new();
    let log = world.open().await;
    for (text, side) in [("none", ""), ("one", "first side"), ("two", "second side")] {
        log.add(Box::new(Text {
            side,
            ..Text::new(text)
        }))
        .await
        .unwrap();
    }
    let side = async |log: &sigstead_sequencer::Log, index| {
        log.entry(LeafIndex::new(index))
            .await
            .unwrap()
            .unwrap()
            .side
    };
    assert_eq!(side(&log, 1).await, "first side");
    add_many(&log, "others", 300).await;
    eventually("flushing", || log.health().bundles_in_cold == 1).await;
    assert!(world.cold.paths().contains(&"side/000".to_owned()));
    log.shutdown().await;
    let log = world.open().await;
    for (index, expected) in [
        (0, ""),
        (1, "first side"),
        (2, "second side"),
        (3, ""),
        (299, ""),
    ] {
        assert_eq!(side(&log, index).await, expected, "{index}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_stood_beside_the_leaves_is_missed_when_it_is_lost_or_changed() {
    let mut world = World::new();
    world.config.has_sides = true;
    let log = world.open().await;
    for number in 0..256 {
        let mut entry = Text::new(format!("entry {number}"));
        entry.side = "side";
        log.add(Box::new(entry)).await.unwrap();
    }
    eventually("flushing", || log.health().bundles_in_cold == 1).await;
    let path = "side/000";
    let file = world.cold.get(path).await.unwrap().unwrap();
    let asked = async || log.entry(LeafIndex::new(7)).await;
    let is_damaged =
        |answer| matches!(answer, Err(Error::ObjectDamaged { path: found, .. }) if found == path);
    for at in [0, 4, file.len() / 2, file.len() - 1] {
        let mut flipped = file.to_vec();
        flipped[at] ^= 0x10;
        world.cold.damage(path, flipped.into());
        assert!(is_damaged(asked().await), "{at}");
    }
    world.cold.remove(path);
    assert!(is_damaged(asked().await));
    world.cold.damage(path, file);
    assert_eq!(asked().await.unwrap().unwrap().side, "side");
}

#[tokio::test]
async fn an_unfit_entry_uses_up_no_index() {
    struct Unfit(bool);
    impl sigstead_sequencer::PendingEntry for Unfit {
        fn deduplication_key(&self) -> Option<[u8; 32]> {
            None
        }

        fn seal(
            &self,
            _: LeafIndex,
            _: u64,
        ) -> Result<sigstead_sequencer::SealedEntry, sigstead_sequencer::SealError> {
            let bundle = if self.0 {
                b"\x00\x01x".to_vec()
            } else {
                return Err("unfit".into());
            };
            Ok(sigstead_sequencer::SealedEntry {
                bundle: bundle.into(),
                leaf_hash: LeafHash::of(b"y"),
                side: Vec::new(),
            })
        }
    }
    let log = World::new().open().await;
    for has_wrong_hash in [false, true] {
        let refused = log.add(Box::new(Unfit(has_wrong_hash))).await;
        assert!(matches!(refused, Err(Error::EntryUnfit { .. })));
    }
    assert_eq!(add(&log, "fit").await.unwrap().leaf_index.value(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_withdrawn_entry_is_not_logged() {
    let world = World::new();
    let log = world.open().await;
    let first = add_held(&world, &log).await;
    let withdrawn = tokio::spawn({
        let log = log.clone();
        async move { add(&log, "withdrawn").await }
    });
    eventually("queueing", || log.health().waiting == 1).await;
    withdrawn.abort();
    assert!(withdrawn.await.unwrap_err().is_cancelled());
    world.journal.resume();
    first.await.unwrap();
    add(&log, "second").await.unwrap();
    assert_eq!(log.published().head.size, 2);
    assert_eq!(
        &log.entry(LeafIndex::new(1)).await.unwrap().unwrap().bundle[2..],
        b"second"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn time_never_goes_back_and_a_clock_far_behind_stops_the_log() {
    let world = World::new();
    let log = world.open().await;
    world.clock.store(5_000_000, Ordering::Relaxed);
    assert_eq!(add(&log, "a").await.unwrap().time_millis, 5_000_000);
    world.clock.store(4_999_100, Ordering::Relaxed);
    assert_eq!(add(&log, "b").await.unwrap().time_millis, 5_000_000);
    world.clock.store(4_000_000, Ordering::Relaxed);
    let refused = add(&log, "c").await;
    assert!(matches!(
        refused,
        Err(Error::ClockBehind {
            behind_millis: 1_000_000
        })
    ));
    world.clock.store(5_000_001, Ordering::Relaxed);
    assert_eq!(add(&log, "c").await.unwrap().time_millis, 5_000_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn serves_every_partial_tile_and_bundle_up_to_the_published_size_and_none_beyond() {
    let log = World::new().open().await;
    add_many(&log, "entry", 300).await;
    eventually("flushing", || log.health().bundles_in_cold == 1).await;
    let tile = |level, index, width| log.tile(TileCoordinate::new(level, index, width).unwrap());
    for (level, index, widest) in [(0, 0, 256), (0, 1, 44), (1, 0, 1)] {
        let whole = tile(level, index, widest).await.unwrap().unwrap();
        for width in 1..=widest {
            let part = tile(level, index, width).await.unwrap().unwrap();
            assert_eq!(
                part,
                whole[..usize::from(width) * 32],
                "{level}/{index}.p/{width}"
            );
        }
    }
    for (level, index, width) in [
        (0, 1, 45),
        (0, 1, 256),
        (0, 2, 1),
        (1, 0, 2),
        (2, 0, 1),
        (0, u64::MAX, 1),
    ] {
        assert_eq!(
            tile(level, index, width).await.unwrap(),
            None,
            "{level}/{index}.p/{width}"
        );
    }
    let bundle = |index, width| log.bundle(EntryBundleCoordinate::new(index, width).unwrap());
    for (index, widest) in [(0, 256), (1, 44)] {
        let whole = bundle(index, widest).await.unwrap().unwrap();
        let part = bundle(index, 7).await.unwrap().unwrap();
        assert!(whole.starts_with(&part) && part.len() < whole.len());
    }
    assert_eq!(bundle(1, 45).await.unwrap(), None);
    let first = bundle(0, 1).await.unwrap().unwrap();
    assert_eq!(first[..2], [0, first.len() as u8 - 2]);
    assert_eq!(
        EntryBundleCoordinate::new(0, 256)
            .unwrap()
            .path(BundleKind::Entries),
        "tile/entries/000"
    );
}

#[tokio::test]
async fn proofs_out_of_range_are_refused() {
    let log = World::new().open().await;
    add(&log, "a").await.unwrap();
    add(&log, "b").await.unwrap();
    for (index, size) in [(0, 3), (2, 2), (0, 0), (5, 9)] {
        let refused = log.inclusion_proof(LeafIndex::new(index), size).await;
        assert!(
            matches!(refused, Err(Error::OutOfRange { .. })),
            "{index} {size}"
        );
    }
    for (first, second) in [(1, 3), (2, 1)] {
        assert!(matches!(
            log.consistency_proof(first, second).await,
            Err(Error::OutOfRange { .. })
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shutting_down_answers_what_waits_and_leaves_the_anchor_exact() {
    let world = World::new();
    let log = world.open().await;
    let additions = tokio::spawn({
        let log = log.clone();
        async move { add_many(&log, "entry", 400).await }
    });
    eventually("some entries", || log.published().head.size > 0).await;
    log.shutdown().await;
    let answers = additions.await.unwrap();
    let included = answers.iter().filter(|(_, answer)| answer.is_ok()).count() as u64;
    assert!(
        answers
            .iter()
            .all(|(_, answer)| matches!(answer, Ok(_) | Err(Error::ReadOnly { .. })))
    );
    let head = log.published().head;
    assert_eq!(head.size, included);
    assert_eq!(world.anchor.stored().unwrap().head, head);
    assert!(matches!(
        add(&log, "late").await,
        Err(Error::ReadOnly { .. })
    ));
    assert!(reason(&log).contains("shutting down"));
    world.audit(&log).await.unwrap();
}

/// A log of a few tiles, half of it in cold storage, shared by the properties below.
fn proven() -> &'static (tokio::runtime::Runtime, sigstead_sequencer::Log) {
    static LOG: std::sync::OnceLock<(tokio::runtime::Runtime, sigstead_sequencer::Log)> =
        std::sync::OnceLock::new();
    LOG.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let log = runtime.block_on(async {
            let log = World::new().open().await;
            add_many(&log, "entry", 1_500).await;
            eventually("flushing", || log.health().bundles_in_cold == 5).await;
            log
        });
        (runtime, log)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_two_sizes_are_proven_consistent_and_any_leaf_included(first in 0_u64..=1_500, second in 0_u64..=1_500) {
        let (runtime, log) = proven();
        let (first, second) = (first.min(second), first.max(second));
        runtime.block_on(async {
            let published = log.published().head;
            let old = log.consistency_proof(first, published.size).await.unwrap();
            let new = log.consistency_proof(second, published.size).await.unwrap();
            let between = log.consistency_proof(first, second).await.unwrap();
            // The roots of old sizes are not kept anywhere: they follow from the leaves.
            let (old_root, new_root) = (root(log, first).await, root(log, second).await);
            old.verify(&old_root, &published.root).unwrap();
            new.verify(&new_root, &published.root).unwrap();
            between.verify(&old_root, &new_root).unwrap();
            if first < second {
                let proof = log.inclusion_proof(LeafIndex::new(first), second).await.unwrap();
                let entry = log.entry(LeafIndex::new(first)).await.unwrap().unwrap();
                proof.verify(&LeafHash::of(&entry.bundle[2..]), &new_root).unwrap();
            }
        });
    }
}

/// The root over the first leaves, from their hashes alone (RFC 6962 §2.1).
async fn root(log: &sigstead_sequencer::Log, size: u64) -> sigstead_merkle::RootHash {
    let mut leaves = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256) as u16;
        let tile = log
            .tile(TileCoordinate::new(0, index, width).unwrap())
            .await
            .unwrap()
            .unwrap();
        leaves.extend_from_slice(sigstead_tiles::Tile::parse(&tile, width).unwrap().hashes());
    }
    fn hash(leaves: &[sigstead_merkle::NodeHash]) -> sigstead_merkle::NodeHash {
        match leaves {
            [leaf] => *leaf,
            _ => {
                let middle = leaves.len().next_power_of_two() / 2;
                sigstead_merkle::NodeHash::of_children(
                    &hash(&leaves[..middle]),
                    &hash(&leaves[middle..]),
                )
            }
        }
    }
    if leaves.is_empty() {
        sigstead_merkle::RootHash::of_empty()
    } else {
        hash(&leaves).into()
    }
}
