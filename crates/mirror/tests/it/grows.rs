//! What a copy has after it was brought entries.

use std::collections::BTreeMap;
use std::path::Path;

use sigstead_merkle::root_of;
use sigstead_mirror::{Mirror, Shown};
use sigstead_tiles::{BundleKind, EntryBundle, EntryBundleCoordinate, Tile, TileCoordinate};

use crate::world::{Log, bring, empty};

#[test]
fn it_grows_in_any_steps_to_the_same_files() {
    let log = Log::new(1400);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 1400);
    let whole = served(folder.path(), 1400);
    for steps in [vec![1, 2, 255, 256, 257, 700, 1400], vec![512, 1024, 1400]] {
        let (folder, mut mirror) = empty(&log);
        let mut size = 0;
        for next in steps {
            bring(&mut mirror, &log, size, next);
            assert_eq!(mirror.next_entry(), next);
            let checkpoint = mirror.checkpoint().unwrap().unwrap();
            assert_eq!(checkpoint.checkpoint.head, log.head(next));
            size = next;
            // As after a restart.
            mirror = Mirror::open(folder.path(), Log::origin(), log.key()).unwrap();
        }
        assert_eq!(served(folder.path(), 1400), whole);
    }
}

#[test]
fn a_tree_of_three_levels_of_tiles_has_its_root_after_each_step() {
    let log = Log::new(66_000);
    let (folder, mut mirror) = empty(&log);
    for (old, size) in [(0, 65_535), (65_535, 65_536), (65_536, 66_000)] {
        bring(&mut mirror, &log, old, size);
        mirror = Mirror::open(folder.path(), Log::origin(), log.key()).unwrap();
    }
    for path in [
        "tile/2/000.p/1",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/0/257.p/208",
    ] {
        assert!(folder.path().join(path).is_file(), "{path}");
    }
}

#[test]
fn what_comes_twice_changes_nothing() {
    let log = Log::new(900);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 600);
    bring(&mut mirror, &log, 600, 900);
    let before = served(folder.path(), 900);
    for (old, size) in [(0, 600), (600, 900), (0, 900), (900, 900), (0, 1)] {
        let shown = mirror.add_checkpoint(&log.checkpoint(old, size)).unwrap();
        assert_eq!(shown, Shown::Known, "{old} {size}");
    }
    assert_eq!(served(folder.path(), 900), before);
    assert_eq!(mirror.next_entry(), 900);
}

#[test]
fn a_later_medium_that_contains_an_earlier_one_is_taken() {
    let log = Log::new(1000);
    for stored in [1, 200, 256, 300, 700] {
        let (folder, mut mirror) = empty(&log);
        bring(&mut mirror, &log, 0, stored);
        for old in [0, 1, stored / 2] {
            let shown = mirror.add_checkpoint(&log.checkpoint(old, 1000)).unwrap();
            assert_eq!(shown, Shown::Ahead);
        }
        bring(&mut mirror, &log, stored / 2, 1000);
        let bundles = served(folder.path(), 1000);
        assert_eq!(bundles.len(), 4 + 4 + 1, "{stored}");
    }
}

#[test]
fn a_medium_that_breaks_off_is_continued_where_it_did() {
    let log = Log::new(2000);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 100);
    mirror.add_checkpoint(&log.checkpoint(100, 2000)).unwrap();
    let body = log.entries(100, 2000);
    let cut = body.len() / 2;
    assert!(mirror.add_entries(&mut &body[..cut]).is_err());
    let stored = mirror.next_entry();
    assert!(stored.is_multiple_of(256) && stored > 256, "{stored}");
    assert!(mirror.complete().is_err());
    let readers = mirror.checkpoint().unwrap().unwrap();
    assert_eq!(readers.checkpoint.head.size, 100);

    let mut mirror = Mirror::open(folder.path(), Log::origin(), log.key()).unwrap();
    assert_eq!(mirror.next_entry(), stored);
    let rest = log.entries(stored, 2000);
    assert_eq!(mirror.add_entries(&mut rest.as_slice()).unwrap(), 2000);
    let complete = mirror.complete().unwrap();
    assert_eq!(complete.note(), &log.note(2000));
    complete.publish(Vec::new()).unwrap();
}

#[test]
fn what_broke_off_before_readers_saw_it_is_ended_by_the_same_medium() {
    let log = Log::new(600);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 100);
    mirror.add_checkpoint(&log.checkpoint(100, 600)).unwrap();
    let body = log.entries(100, 600);
    assert_eq!(mirror.add_entries(&mut body.as_slice()).unwrap(), 600);

    let mut mirror = Mirror::open(folder.path(), Log::origin(), log.key()).unwrap();
    let readers = mirror.checkpoint().unwrap().unwrap();
    assert_eq!(readers.checkpoint.head.size, 100);
    let older = mirror.add_checkpoint(&log.checkpoint(0, 100)).unwrap();
    assert_eq!(older, Shown::Known);
    let shown = mirror.add_checkpoint(&log.checkpoint(100, 600)).unwrap();
    assert_eq!(shown, Shown::Ahead);
    assert_eq!(mirror.add_entries(&mut body.as_slice()).unwrap(), 600);
    mirror.complete().unwrap().publish(Vec::new()).unwrap();
    let shown = mirror.add_checkpoint(&log.checkpoint(100, 600)).unwrap();
    assert_eq!(shown, Shown::Known);
    assert_eq!(served(folder.path(), 600).len(), 3 + 3 + 1);
}

#[test]
fn packages_may_come_in_requests_of_their_own() {
    let log = Log::new(700);
    let (_folder, mut mirror) = empty(&log);
    mirror.add_checkpoint(&log.checkpoint(0, 700)).unwrap();
    for range in Log::header(0, 700).ranges() {
        let mut body = Log::header(range.start, 700).encode().unwrap();
        body.extend(log.package(range.clone(), 700, u64::MAX).encode().unwrap());
        assert_eq!(mirror.add_entries(&mut body.as_slice()).unwrap(), range.end);
    }
    mirror.complete().unwrap();
}

/// The files that a tree of that size has, read as a client of tiles reads them, with the root that they give.
fn served(folder: &Path, size: u64) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let bundles = size.div_ceil(256);
    for index in 0..bundles {
        let width = (size - index * 256).min(256) as u16;
        let bundle = EntryBundleCoordinate::new(index, width).unwrap();
        let path = bundle.path(BundleKind::Entries);
        let bytes = std::fs::read(folder.join(&path)).unwrap();
        let entries = EntryBundle::parse(&bytes, width).unwrap();
        let tile = TileCoordinate::new(0, index, width).unwrap().path();
        let hashes = std::fs::read(folder.join(&tile)).unwrap();
        let hashes = Tile::parse(&hashes, width).unwrap();
        for (entry, hash) in entries.entries().iter().zip(hashes.hashes()) {
            assert_eq!(*hash, sigstead_merkle::LeafHash::of(entry).into());
        }
        files.insert(tile, hashes.encode());
        files.insert(path, bytes);
    }
    let above = TileCoordinate::new(1, 0, (size / 256) as u16)
        .unwrap()
        .path();
    files.insert(above.clone(), std::fs::read(folder.join(above)).unwrap());
    assert!(root_of(&Log::new(size), size).is_ok());
    files
}
