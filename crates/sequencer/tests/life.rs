//! What happens to a log that is idle, that ends, or whose index of entries is lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sigstead_index::{Index, IndexConfig, Key};
use sigstead_journal::Fault;
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_sequencer::{Error, Log, PauseReason};
use world::{Text, World, add, add_many, eventually, new_index};

fn reason_of(text: &str) -> PauseReason {
    PauseReason::parse(text).unwrap()
}

fn note(log: &Log) -> String {
    String::from_utf8(log.published().note.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_frozen_log_says_so_and_takes_nothing_also_after_a_restart() {
    let world = World::new();
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    assert!(!log.is_frozen());
    world.clock.store(2_000_000, Ordering::Relaxed);
    let last = log.freeze().await.unwrap();
    assert_eq!((last.head.size, last.time_millis), (1, 2_000_000));
    assert!(
        note(&log).contains("\nLog frozen \u{2014} 2000\n"),
        "{}",
        note(&log)
    );
    assert_eq!(log.freeze().await.unwrap(), last);
    for text in ["entry", "late"] {
        assert!(
            matches!(add(&log, text).await, Err(Error::Frozen)),
            "{text}"
        );
    }
    log.shutdown().await;

    let log = world.open_frozen().await;
    assert_eq!(log.published(), last);
    assert!(matches!(add(&log, "later").await, Err(Error::Frozen)));
    assert_eq!(log.freeze().await.unwrap(), last);
    assert_eq!(world.audit(&log).await.unwrap().head, last.head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_paused_log_reads_and_signs_and_takes_nothing_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new();
    world.config.pause_mark = Some(folder.path().join("paused"));
    world.config.refresh_interval = Some(Duration::from_millis(1));
    let mut log = world.open().await;
    add(&log, "entry").await.unwrap();
    log.pause(&reason_of("the disk is moved")).await.unwrap();
    for _ in 0..2 {
        let health = log.health();
        assert_eq!(health.takes_none_because(), Some("the disk is moved"));
        assert_eq!((health.read_only, health.hindered), (None, None));
        assert!(matches!(
            add(&log, "late").await,
            Err(Error::Paused { reason }) if &*reason == "the disk is moved"
        ));
        // Where it is answers who asks again.
        let again = log.add(Text::boxed("entry")).await.unwrap();
        assert!(again.is_duplicate);
        let before = log.published();
        world.clock.fetch_add(10_000, Ordering::Relaxed);
        eventually("a newer head", || {
            log.published().time_millis > before.time_millis
        })
        .await;
        assert_eq!(world.audit(&log).await.unwrap().head, before.head);
        log.shutdown().await;
        log = world.open().await;
    }
    log.resume().await.unwrap();
    add(&log, "late").await.unwrap();
    log.shutdown().await;
    let log = world.open_and_audit().await;
    add(&log, "later").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_waits_when_a_log_is_paused_is_logged() {
    let world = World::new();
    let log = world.open().await;
    let held = world::add_held(&world, &log).await;
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { log.add(Text::boxed("waits")).await }
    });
    eventually("queueing", || log.health().waiting == 1).await;
    log.pause(&reason_of("soon over")).await.unwrap();
    world.journal.resume();
    held.await.unwrap();
    assert_eq!(
        waiting.await.unwrap().unwrap().leaf_index,
        LeafIndex::new(1)
    );
    assert!(matches!(add(&log, "late").await, Err(Error::Paused { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_paused_log_can_end_and_is_paused_no_more() {
    let log = World::new().open().await;
    log.pause(&reason_of("before the end")).await.unwrap();
    log.freeze().await.unwrap();
    assert_eq!(log.health().paused, None);
    assert!(matches!(
        log.pause(&reason_of("after")).await,
        Err(Error::Frozen)
    ));
    assert!(matches!(log.resume().await, Err(Error::Frozen)));
    assert!(matches!(add(&log, "late").await, Err(Error::Frozen)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_waits_when_a_log_ends_is_logged() {
    let world = World::new();
    let log = world.open().await;
    let held = world::add_held(&world, &log).await;
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { log.add(Text::boxed(format!("waits {number}"))).await })
        })
        .collect();
    eventually("queueing", || log.health().waiting == 20).await;
    let ending = tokio::spawn({
        let log = log.clone();
        async move { log.freeze().await }
    });
    world.journal.resume();
    held.await.unwrap();
    let last = ending.await.unwrap().unwrap();
    for entry in waiting {
        let included = entry.await.unwrap().unwrap();
        assert!(included.leaf_index.value() < last.head.size);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_taken_between_the_wish_for_an_end_and_the_end() {
    let world = World::new();
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    // The journal holds back the last round, while entries keep coming.
    world.journal.pause();
    let ending = tokio::spawn({
        let log = log.clone();
        async move { log.freeze().await }
    });
    eventually("the last round", || world.journal.is_holding()).await;
    let ending_too = tokio::spawn({
        let log = log.clone();
        async move { log.freeze().await }
    });
    for number in 0..10 {
        let late = log.add(Text::boxed(format!("late {number}"))).await;
        assert!(matches!(late, Err(Error::Ending)), "{late:?}");
    }
    world.journal.resume();
    let last = ending.await.unwrap().unwrap();
    assert_eq!(last.head.size, 1);
    assert_eq!(ending_too.await.unwrap().unwrap(), last);
    assert_eq!(log.published(), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_that_cannot_be_signed_is_no_end() {
    let world = World::new();
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    world.signer.is_failing.store(true, Ordering::Relaxed);
    assert!(matches!(
        log.freeze().await,
        Err(Error::SigningFailed { .. })
    ));
    world.signer.is_failing.store(false, Ordering::Relaxed);
    assert!(!log.is_frozen());
    add(&log, "next").await.unwrap();
    log.freeze().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_that_is_interrupted_is_there_or_not_but_never_half() {
    for fault in [Fault::Before, Fault::After] {
        let world = World::new();
        let log = world.open().await;
        add(&log, "entry").await.unwrap();
        world.journal.fail_commit_after(0, fault);
        assert!(log.freeze().await.is_err(), "{fault:?}");
        assert!(log.add(Text::boxed("late")).await.is_err(), "{fault:?}");
        log.shutdown().await;
        let log = world.open().await;
        assert_eq!(log.is_frozen(), fault == Fault::After, "{fault:?}");
        assert_eq!(log.published().head.size, 1);
        assert_eq!(add(&log, "next").await.is_ok(), fault == Fault::Before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_head_of_an_idle_log_is_signed_again_and_that_of_a_busy_one_is_not() {
    let mut world = World::new();
    world.config.refresh_interval = Some(Duration::from_millis(20));
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    let before = log.published();
    world.clock.fetch_add(19, Ordering::Relaxed);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.published(), before);
    world.clock.fetch_add(1_000, Ordering::Relaxed);
    eventually("a new head", || {
        log.published().time_millis > before.time_millis
    })
    .await;
    assert_eq!(log.published().head, before.head);
    log.shutdown().await;
    let published = log.published();
    let log = world.open_and_audit().await;
    assert!(log.published().time_millis >= published.time_millis);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_that_is_lost_or_of_another_log_is_made_again() {
    let mut world = World::new();
    let log = world.open().await;
    add_many(&log, "entry", 700).await;
    eventually("flushing", || log.health().bundles_in_cold == 2).await;
    log.shutdown().await;
    let ahead = Index::in_memory(IndexConfig::default());
    ahead
        .extend(0..9_000, &[(Key::new([7; 32]), 8_999)])
        .unwrap();
    for known in [new_index(), Arc::new(ahead)] {
        world.known = known;
        let log = world.open().await;
        assert_eq!(world.known.covered(), 700);
        assert!(add(&log, "entry 3").await.unwrap().is_duplicate);
        log.shutdown().await;
    }
}

/// Waits until the index has taken in so many entries; then all of them are in its files, and nobody writes there.
async fn in_files(world: &World, entries: u64) {
    eventually("indexing", || world.known.covered() == entries).await;
    world.known.maintain().unwrap();
    assert_eq!(world.known.durable(), entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_entry_is_found_by_its_key_wherever_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let small = IndexConfig {
        tail_postings: 100,
        ..IndexConfig::default()
    };
    world.known = Arc::new(Index::open(directory.path(), small).unwrap().0);
    let log = world.open().await;
    add_many(&log, "entry", 1_000).await;
    in_files(&world, 1_000).await;
    add(&log, "newer").await.unwrap();
    for number in [0, 1, 500, 999] {
        let key = Text::new(format!("entry {number}")).key.unwrap();
        let index = log.find(&key).unwrap().unwrap();
        let entry = log.entry(index).await.unwrap().unwrap();
        assert!(entry.bundle.ends_with(format!("entry {number}").as_bytes()));
    }
    let newer = log.find(&Text::new("newer").key.unwrap()).unwrap();
    assert_eq!(newer.unwrap().value(), 1_000);
    assert_eq!(log.find(&[9; 32]).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_idle_head_that_cannot_be_renewed_is_not_tried_without_a_pause() {
    let mut world = World::new();
    world.config.refresh_interval = Some(Duration::from_millis(1));
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    world.signer.is_failing.store(true, Ordering::Relaxed);
    let started = Instant::now();
    world.clock.fetch_add(1_000, Ordering::Relaxed);
    let failed = || world.signer.failed.load(Ordering::Relaxed);
    eventually("a try", || failed() > 0).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    // One, and one more for each pause that a slow machine leaves time for.
    assert!(failed() <= 1 + started.elapsed().as_secs() / 5);
    world.signer.is_failing.store(false, Ordering::Relaxed);
    add(&log, "next").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn heads_whose_times_must_differ_have_different_times_on_a_clock_that_stands() {
    let mut world = World::new();
    world.config.distinct_times = true;
    let log = world.open().await;
    let mut last = log.published().time_millis;
    for number in 0..20 {
        let included = add(&log, &format!("entry {number}")).await.unwrap();
        assert_eq!(
            included.checkpoint.time_millis,
            included.time_millis.max(last + 1)
        );
        last = included.checkpoint.time_millis;
    }
    log.shutdown().await;
    let log = world.open_and_audit().await;
    assert_eq!(log.published().time_millis, last);
    add(&log, "after").await.unwrap();
    assert_eq!(log.published().time_millis, last + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_entry_is_logged_though_the_index_of_old_ones_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let small = IndexConfig {
        tail_postings: 1_000,
        // Without filters every lookup reads a page.
        filter_bytes: 0,
        ..IndexConfig::default()
    };
    world.known = Arc::new(Index::open(directory.path(), small).unwrap().0);
    let log = world.open().await;
    add_many(&log, "entry", 1_100).await;
    in_files(&world, 1_100).await;
    add_many(&log, "newer", 600).await;
    eventually("flushing", || log.health().bundles_in_cold == 6).await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let pages = bytes.len() * 9 / 10;
        bytes[..pages].fill(0x5a);
        std::fs::write(&path, bytes).unwrap();
    }
    for number in 0..600 {
        let text = format!("newer {number}");
        let again = add(&log, &text);
        let again = tokio::time::timeout(Duration::from_secs(60), again).await;
        again.unwrap().unwrap();
    }
    world.audit(&log).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn old_entries_are_found_again_though_their_index_is_damaged_and_the_log_stands_still() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let small = IndexConfig {
        tail_postings: 200,
        filter_bytes: 0,
        ..IndexConfig::default()
    };
    world.known = Arc::new(Index::open(directory.path(), small).unwrap().0);
    let log = world.open().await;
    add_many(&log, "entry", 600).await;
    in_files(&world, 600).await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let pages = bytes.len() * 9 / 10;
        bytes[..pages].fill(0x5a);
        std::fs::write(&path, bytes).unwrap();
    }
    let find = |number| log.find(LeafHash::of(format!("entry {number}").as_bytes()).as_bytes());
    let asked = find(0);
    assert!(
        matches!(asked, Err(Error::Index(_) | Error::IndexBehind { .. })),
        "{asked:?}"
    );
    eventually("making it again", || {
        (0..600).all(|number| matches!(find(number), Ok(Some(_))))
    })
    .await;
    assert!(find(600).unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn leaf_hashes_are_read_from_tiles_wherever_they_are() {
    let log = World::new().open().await;
    add_many(&log, "entry", 600).await;
    eventually("flushing", || log.health().bundles_in_cold == 2).await;
    for index in [0, 255, 256, 511, 512, 599].map(LeafIndex::new) {
        let entry = log.entry(index).await.unwrap().unwrap();
        let hash = log.leaf_hash(index).await.unwrap().unwrap();
        assert_eq!(hash, LeafHash::of(&entry.bundle[2..]), "{index}");
    }
    assert_eq!(log.leaf_hash(LeafIndex::new(600)).await.unwrap(), None);
}
