//! What keeps entries out for a time: the log says why, loses nothing, and says by itself that it has passed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::sync::atomic::Ordering;

use sigstead_sequencer::{Error, Log};
use world::{World, add, add_many, eventually};

/// Nothing is asked of the log meanwhile: it is on its own.
async fn passes(log: &Log) {
    eventually("passing", || log.health().takes_none_because().is_none()).await;
}

fn assert_hindered(log: &Log, expected: &[&str]) {
    let health = log.health();
    assert_eq!(health.read_only, None);
    let reason = health.takes_none_because().unwrap();
    for part in expected {
        assert!(reason.contains(part), "{part}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_refuses_entries_and_resumes_by_itself() {
    let world = World::new();
    let log = world.open().await;
    add(&log, "before").await.unwrap();
    world.journal.set_full(true);
    assert!(matches!(
        add(&log, "during").await,
        Err(Error::NoRoom { .. })
    ));
    assert_hindered(&log, &["no room", "make room on its disk"]);
    assert_eq!(world.audit(&log).await.unwrap().head.size, 1);
    let before = log.published();
    world.journal.set_full(false);
    passes(&log).await;
    assert_eq!(log.published(), before, "looking leaves no trace");
    assert_eq!(add(&log, "after").await.unwrap().leaf_index.value(), 1);
    log.shutdown().await;
    world.open_and_audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_room_taken_by_a_small_entry_is_not_told_as_room() {
    let world = World::new();
    let log = world.open().await;
    let large = "large".repeat(12_000);
    world.journal.set_room(Some(32 * 1024));
    assert!(matches!(add(&log, &large).await, Err(Error::NoRoom { .. })));
    add(&log, "small").await.unwrap();
    assert_hindered(&log, &["no room"]);
    world.journal.set_room(None);
    passes(&log).await;
    add(&log, &large).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_frozen_log_misses_no_room() {
    let world = World::new();
    let log = world.open().await;
    world.journal.set_room(Some(32 * 1024));
    assert!(add(&log, &"large".repeat(12_000)).await.is_err());
    log.freeze().await.unwrap();
    assert_eq!(log.health().hindered, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_out_of_reach_refuses_entries_and_resumes_by_itself() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, "before", 255).await;
    world.signer.is_failing.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        let refused = add(&log, "during").await;
        assert!(matches!(refused, Err(Error::SigningFailed { .. })));
        assert_hindered(&log, &["cannot sign its checkpoint", "look after its key"]);
    }
    world.signer.is_failing.store(false, Ordering::Relaxed);
    let included = add(&log, "during").await.unwrap();
    assert_eq!(
        (included.leaf_index.value(), included.is_duplicate),
        (255, false)
    );
    assert_eq!(log.health().takes_none_because(), None);
    add_many(&log, "after", 300).await;
    log.shutdown().await;
    world.open_and_audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_far_behind_is_told_until_it_has_caught_up() {
    let world = World::new();
    let log = world.open().await;
    world.clock.store(5_000_000, Ordering::Relaxed);
    add(&log, "before").await.unwrap();
    world.clock.store(4_000_000, Ordering::Relaxed);
    assert!(add(&log, "during").await.is_err());
    assert_hindered(&log, &["clock is 1000000 ms behind"]);
    world.clock.store(5_000_000, Ordering::Relaxed);
    passes(&log).await;
    add(&log, "after").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_journal_that_another_process_took_meanwhile_stops_the_log() {
    let world = World::new();
    let log = world.open().await;
    world.journal.set_full(true);
    assert!(add(&log, "during").await.is_err());
    let _other = world.journal.reopen();
    eventually("stopping", || log.health().read_only.is_some()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cold_storage_that_takes_nothing_is_told_once_memory_holds_no_more() {
    let large = "large".repeat(12_000);
    for (kind, bundles) in [("small", 65), (&large, 9)] {
        is_told_after(bundles, kind).await;
    }
}

async fn is_told_after(bundles: usize, kind: &str) {
    let world = World::new();
    let log = world.open().await;
    world.cold.set_full(true);
    for bundle in 0..bundles {
        assert_eq!(log.health().takes_none_because(), None);
        add_many(&log, &format!("{kind} {bundle}"), 256).await;
    }
    eventually("telling", || log.health().hindered.is_some()).await;
    assert_hindered(&log, &["wait for cold storage", "tile/"]);
    let refused = add(&log, "during").await;
    assert!(matches!(refused, Err(Error::ColdLags { .. })));
    world.cold.set_full(false);
    passes(&log).await;
    add(&log, "after").await.unwrap();
    log.shutdown().await;
    world.open_and_audit().await;
}
