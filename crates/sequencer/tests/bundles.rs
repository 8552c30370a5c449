//! Bundles that are read in pieces.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::time::Duration;

use bytes::Bytes;
use sigstead_cold::ColdStorage as _;
use sigstead_journal::Journal as _;
use sigstead_merkle::LeafIndex;
use sigstead_sequencer::{BundleReader, Error, Log};
use sigstead_tiles::{EntryBundle, EntryBundleCoordinate};
use world::{World, add_many, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_comes_in_pieces_of_whole_entries_at_every_width() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, &long(40_000), 256).await;
    eventually("flushing", || log.health().bundles_in_cold == 1).await;
    log.shutdown().await;
    let log = world.open().await;
    add_many(&log, &long(9_000), 100).await;
    for (index, width) in [
        (0, 1),
        (0, 7),
        (0, 255),
        (0, 256),
        (1, 1),
        (1, 99),
        (1, 100),
    ] {
        let mut reader = read(&log, index, width).await;
        let length = reader.length();
        let (mut whole, mut pieces) = (Vec::new(), 0);
        while let Some(piece) = reader.next().await.unwrap() {
            assert!(piece.len() <= LARGEST_PIECE, "{index} {width}");
            whole.extend_from_slice(&piece);
            pieces += 1;
        }
        let bundle = EntryBundle::parse(&whole, width).unwrap();
        assert_eq!(bundle.entries().len(), usize::from(width));
        assert!(pieces >= whole.len() / LARGEST_PIECE);
        assert_eq!(
            log.bundle(coordinate(index, width)).await.unwrap(),
            Some(whole.clone().into())
        );
        let is_known = index == 1 || width == 256;
        assert_eq!(
            length,
            is_known.then_some(whole.len() as u64),
            "{index} {width}"
        );
    }
    for (index, width) in [(1, 101), (2, 1)] {
        let none = log.read_bundle(coordinate(index, width)).await.unwrap();
        assert!(none.is_none(), "{index} {width}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_leaves_memory_is_read_on_from_cold_storage() {
    let world = World::new();
    let log = world.open().await;
    world.cold.set_full(true);
    add_many(&log, &long(9_000), 256).await;
    let mut reader = read(&log, 0, 256).await;
    let mut untouched = read(&log, 0, 200).await;
    let length = reader.length().unwrap();
    let mut whole = reader.next().await.unwrap().unwrap().to_vec();
    assert!((whole.len() as u64) < length);
    world.cold.set_full(false);
    let path = "tile/entries/000";
    eventually("flushing", || log.health().bundles_in_cold == 1).await;
    while let Some(piece) = reader.next().await.unwrap() {
        whole.extend_from_slice(&piece);
    }
    assert_eq!(whole.len() as u64, length);
    let stored = world.cold.get(path).await.unwrap().unwrap();
    assert_eq!(stored, whole);
    assert!(untouched.next().await.unwrap().is_some());
    // That it is cold storage that is read is seen when there is nothing.
    world.cold.remove(path);
    let forgotten = async {
        while log.bundle(coordinate(0, 200)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let forgotten = tokio::time::timeout(Duration::from_secs(60), forgotten);
    forgotten.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_ends_a_bundle_and_is_never_given() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, &long(9_000), 512).await;
    only_in_cold(&world, &log).await;
    log.shutdown().await;
    let path = "tile/entries/000";
    let whole = world.cold.get(path).await.unwrap().unwrap();
    let middle = whole.len() / 2;
    let mut flipped = whole.to_vec();
    flipped[middle] ^= 1;
    let longer = [&whole, &b"\x00\x00"[..]].concat();
    for damaged in [
        Bytes::from(flipped),
        whole.slice(..middle),
        whole.slice(..0),
        longer.into(),
    ] {
        let world = world.copy();
        let is_whole = damaged.len() > whole.len();
        let log = world.open().await;
        world.cold.damage(path, damaged);
        let mut reader = read(&log, 0, 256).await;
        let mut given = Vec::new();
        let refused = loop {
            match reader.next().await {
                Ok(Some(piece)) => given.extend_from_slice(&piece),
                Ok(None) => panic!("the damage was not seen"),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, Error::ObjectDamaged { path: found, .. } if found == path));
        assert!(given.len() < middle || is_whole, "{}", given.len());
        assert!(whole.starts_with(&given));
        assert!(log.bundle(coordinate(0, 256)).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_entry_is_read_and_checked_though_others_of_its_bundle_are_damaged() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, &long(9_000), 512).await;
    only_in_cold(&world, &log).await;
    let expected = entry(&log, 200).await.unwrap();
    log.shutdown().await;
    let path = "tile/entries/000";
    let mut stored = world.cold.get(path).await.unwrap().unwrap().to_vec();
    let at = |index: usize| stored.len() / 256 * index + 4_000;
    let (before, there) = (at(100), at(200));
    stored[before] ^= 1;
    let log = world.open().await;
    world.cold.damage(path, stored.clone().into());
    assert_eq!(entry(&log, 200).await.unwrap(), expected);
    stored[there] ^= 1;
    world.cold.damage(path, stored.into());
    let refused = entry(&log, 200).await;
    assert!(matches!(refused, Err(Error::ObjectDamaged { .. })));
}

/// Waits until memory and journal have the first two bundles no more, so that they are read where they are damaged. What a
/// start reads of them depends on how far the index had come, so they are damaged after it.
async fn only_in_cold(world: &World, log: &Log) {
    add_many(log, "more", 300).await;
    let first = || world.journal.snapshot().load().unwrap()[0].first;
    eventually("trimming", || first() >= 512).await;
}

async fn entry(log: &Log, index: u64) -> Result<Bytes, Error> {
    let entry = log.entry(LeafIndex::new(index)).await?;
    Ok(entry.unwrap().bundle)
}

async fn read(log: &Log, index: u64, width: u16) -> BundleReader {
    log.read_bundle(coordinate(index, width))
        .await
        .unwrap()
        .unwrap()
}

fn coordinate(index: u64, width: u16) -> EntryBundleCoordinate {
    EntryBundleCoordinate::new(index, width).unwrap()
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

/// A piece and an entry that begins at its end.
const LARGEST_PIECE: usize = (128 << 10) + (64 << 10);
