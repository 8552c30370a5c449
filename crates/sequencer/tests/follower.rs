//! What an index that follows a log knows of it, whatever becomes of the index.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;

use sigstead_index::{Index, IndexConfig, Key};
use sigstead_merkle::LeafHash;
use sigstead_sequencer::{Error, Follower, Log, RecordedEntry};
use tokio::sync::oneshot;
use world::{World, add, add_many, eventually, new_index};

fn key(text: &str) -> Key {
    Key::new(*LeafHash::of(text.as_bytes()).as_bytes())
}

fn follower(index: &Arc<Index>) -> Arc<Follower> {
    let keys = |entry: &RecordedEntry| vec![Key::new(*LeafHash::of(&entry.bundle[2..]).as_bytes())];
    Arc::new(Follower::new("test", Arc::clone(index), keys))
}

/// For as long as the test lives.
fn follow(follower: &Arc<Follower>, log: &Log) {
    let (follower, log) = (Arc::clone(follower), log.clone());
    tokio::spawn(async move { follower.follow(&log, pending()).await });
}

async fn log_with(world: &World, entries: usize) -> Log {
    let log = world.open().await;
    for (_, included) in add_many(&log, "entry", entries).await {
        included.unwrap();
    }
    log
}

/// Every entry is found where it stands, and nowhere else.
async fn check_found(follower: &Follower, log: &Log, entries: usize) {
    for number in 0..entries {
        let text = format!("entry {number}");
        let found = follower.positions(key(&text), 9).await.unwrap();
        let expected = log.find(LeafHash::of(text.as_bytes()).as_bytes()).unwrap();
        assert_eq!(found, [expected.unwrap().value()], "{text}");
    }
}

/// An index of a directory, in so many runs that they are about to be merged.
fn index_in_runs(directory: &Path) -> Arc<Index> {
    let apart = IndexConfig {
        fan_out: 100,
        ..IndexConfig::default()
    };
    let (index, _) = Index::open(directory, apart).unwrap();
    for position in 0..8 {
        let posting = (key("of another log"), position);
        index.extend(position..position + 1, &[posting]).unwrap();
        index.maintain().unwrap();
    }
    drop(index);
    let (index, damage) = Index::open(directory, IndexConfig::default()).unwrap();
    assert!(damage.is_empty() && index.is_due());
    Arc::new(index)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_takes_in_what_is_published_before_and_after_it_follows() {
    let world = World::new();
    let log = log_with(&world, 600).await;
    let follower = follower(&new_index());
    follow(&follower, &log);
    eventually("catching up", || follower.covered() == 600).await;
    check_found(&follower, &log, 600).await;
    for number in 0..5 {
        let text = format!("later {number}");
        let size = add(&log, &text).await.unwrap().checkpoint.head.size;
        eventually("taking in", || follower.covered() == size).await;
        assert_eq!(follower.positions(key(&text), 9).await.unwrap(), [size - 1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_logged_an_entry_and_waits_finds_it() {
    let world = World::new();
    let log = world.open().await;
    let follower = follower(&new_index());
    follow(&follower, &log);
    for number in 0..20 {
        let text = format!("entry {number}");
        let size = add(&log, &text).await.unwrap().checkpoint.head.size;
        while follower.covered() < size {
            follower.catch_up(size).await;
        }
        assert_eq!(follower.positions(key(&text), 9).await.unwrap(), [size - 1]);
    }
}

#[tokio::test]
async fn an_index_that_nobody_feeds_is_not_waited_for() {
    let follower = follower(&new_index());
    follower.catch_up(1).await;
    assert_eq!(follower.covered(), 0);
    let behind = follower.covers(1);
    assert!(matches!(
        behind,
        Err(Error::IndexBehind {
            covered: 0,
            size: 1
        })
    ));
    follower.covers(0).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_damaged_page_is_made_again_although_the_log_stands_still() {
    let world = World::new();
    let log = log_with(&world, 300).await;
    let folder = tempfile::tempdir().unwrap();
    let (index, _) = Index::open(folder.path(), IndexConfig::default()).unwrap();
    let follower = follower(&Arc::new(index));
    follower.complete(&log).await.unwrap();
    follow(&follower, &log);
    flip_a_bit_of_each_page(folder.path());
    let asked = follower.positions(key("entry 7"), 9).await;
    assert!(matches!(asked, Err(Error::Index(_))), "{asked:?}");
    // Thrown away, and then fed again.
    let is_found = async || {
        let found = follower.positions(key("entry 7"), 9).await;
        found.is_ok_and(|found| !found.is_empty())
    };
    while !is_found().await {
        follower.catch_up(300).await;
    }
    check_found(&follower, &log, 300).await;
}

fn flip_a_bit_of_each_page(directory: &Path) {
    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        bytes
            .iter_mut()
            .step_by(1_024)
            .take(12)
            .for_each(|byte| *byte ^= 1);
        fs::write(path, bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_that_is_ahead_of_its_log_is_made_anew() {
    let world = World::new();
    let log = log_with(&world, 3).await;
    let folder = tempfile::tempdir().unwrap();
    for index in [index_in_runs(folder.path()), new_index()] {
        let first = index.covered();
        index
            .extend(first..9, &[(key("of another log"), 8)])
            .unwrap();
        let follower = follower(&index);
        follow(&follower, &log);
        eventually("making anew", || follower.covered() == 3).await;
        let stale = follower.positions(key("of another log"), 9).await.unwrap();
        assert!(stale.is_empty(), "{stale:?}");
        check_found(&follower, &log, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_an_index_loses_is_fed_again_when_it_is_asked_for() {
    let world = World::new();
    let log = log_with(&world, 3).await;
    let index = new_index();
    let follower = follower(&index);
    follow(&follower, &log);
    eventually("catching up", || follower.covered() == 3).await;

    index.clear().unwrap();
    // The first to look finds nothing; no entry comes, but those who come later find it.
    let _ = follower.positions(key("entry 0"), 9).await;
    eventually("feeding again", || follower.covered() == 3).await;

    index.clear().unwrap();
    while follower.covered() < 3 {
        follower.catch_up(3).await;
    }
    check_found(&follower, &log, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_follows_on_after_its_disk_failed() {
    let world = World::new();
    let log = log_with(&world, 20).await;
    let folder = tempfile::tempdir().unwrap();
    let index = index_in_runs(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    let follower = follower(&index);
    assert!(follower.complete(&log).await.is_err());
    follow(&follower, &log);
    follower.catch_up(20).await;
    assert_eq!(follower.covered(), 8);
    fs::create_dir_all(folder.path()).unwrap();
    eventually("following on", || follower.covered() == 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_complete_index_is_on_disk() {
    let world = World::new();
    let log = log_with(&world, 300).await;
    let folder = tempfile::tempdir().unwrap();
    let (index, _) = Index::open(folder.path(), IndexConfig::default()).unwrap();
    let index = Arc::new(index);
    follower(&index).complete(&log).await.unwrap();
    assert_eq!((index.durable(), index.covered()), (300, 300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_follows_until_it_is_told_to_stop_also_while_its_disk_fails() {
    let world = World::new();
    let log = log_with(&world, 20).await;
    let folder = tempfile::tempdir().unwrap();
    let failing = index_in_runs(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    for index in [new_index(), failing] {
        let (stop, stopped) = oneshot::channel::<()>();
        let following = tokio::spawn({
            let (follower, log) = (follower(&index), log.clone());
            async move { follower.follow(&log, async { drop(stopped.await) }).await }
        });
        drop(stop);
        following.await.unwrap();
    }
}
