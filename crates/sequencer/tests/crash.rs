//! What a log promises when something fails: what was acknowledged is there, and nothing is guessed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::sync::Arc;

use sigstead_cold::{ColdStorage, Fault as ColdFault};
use sigstead_journal::{Fault, Journal};
use sigstead_merkle::LeafIndex;
use sigstead_sequencer::{Anchored, Error, FileAnchor, Log, LogConfig, LogParts};
use world::audit::audit;
use world::{TestSigner, Text, World, add, add_many, check_acknowledged, eventually, reason};

/// Adds bursts until one is not wholly taken; answers what was acknowledged.
async fn add_until_refused(log: &Log, bursts: usize, burst: usize) -> Vec<(String, LeafIndex)> {
    let mut acknowledged = Vec::new();
    for number in 0..bursts {
        for (text, answer) in add_many(log, &format!("burst {number}"), burst).await {
            if let Ok(included) = answer {
                acknowledged.push((text, included.leaf_index));
            }
        }
        if log.health().read_only.is_some() {
            break;
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_commit_ends_the_log_and_a_restart_has_all_that_was_acknowledged() {
    for fault in [Fault::Before, Fault::After] {
        for commits in 0..9 {
            for burst in [1, 100, 300] {
                let world = World::new();
                let log = world.open().await;
                world.journal.fail_commit_after(commits, fault);
                let acknowledged = add_until_refused(&log, 12, burst).await;
                let place = format!("{fault:?} commit {commits}, bursts of {burst}");
                assert!(
                    reason(&log).contains("commit failed"),
                    "{place}: {}",
                    reason(&log)
                );
                assert!(
                    matches!(add(&log, "late").await, Err(Error::ReadOnly { .. })),
                    "{place}"
                );
                check_acknowledged(&log, &acknowledged).await;
                let before = world.audit(&log).await.unwrap().head;

                let log = world.open_and_audit().await;
                let after = log.published().head;
                assert!(after.size >= before.size, "{place}");
                assert_eq!(fault == Fault::Before, after == before, "{place}");
                check_acknowledged(&log, &acknowledged).await;
                add_many(&log, "after", 300).await;
                let proof = log
                    .consistency_proof(before.size, log.published().head.size)
                    .await
                    .unwrap();
                proof
                    .verify(&before.root, &log.published().head.root)
                    .unwrap();
                world.audit(&log).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_write_to_cold_storage_delays_and_loses_nothing() {
    for fault in [ColdFault::Before, ColdFault::After] {
        for prefix in [
            "tile/entries/000",
            "tile/0/000",
            "tile/entries/001",
            "tile/0/001",
        ] {
            let world = World::new();
            let log = world.open().await;
            world.cold.fail_next_put(prefix, fault);
            let acknowledged = add_until_refused(&log, 3, 250).await;
            assert_eq!(acknowledged.len(), 750);
            world.audit(&log).await.unwrap();
            // A crash at this point, whatever the flusher has reached.
            let crashed = world.copy();
            eventually("flushing after a retry", || {
                log.health().bundles_in_cold == 2
            })
            .await;
            world.audit(&log).await.unwrap();
            log.shutdown().await;
            for world in [crashed, world] {
                let log = world.open_and_audit().await;
                check_acknowledged(&log, &acknowledged).await;
                eventually("flushing", || log.health().bundles_in_cold == 2).await;
                world.audit(&log).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_between_flushing_and_trimming_is_repaired() {
    let world = World::new();
    let log = world.open().await;
    let acknowledged = add_until_refused(&log, 6, 200).await;
    let untrimmed = world.journal.snapshot().medium();
    eventually("flushing", || log.health().bundles_in_cold == 4).await;
    log.shutdown().await;
    for journal in [untrimmed, world.journal.snapshot().medium()] {
        let world = World {
            journal,
            anchor: world.anchor.snapshot(),
            ..world.copy()
        };
        let log = world.open_and_audit().await;
        check_acknowledged(&log, &acknowledged).await;
        add_many(&log, "after", 300).await;
        eventually("flushing", || log.health().bundles_in_cold == 5).await;
        log.shutdown().await;
        world.open_and_audit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restored_older_copy_is_read_only() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, "before", 300).await;
    log.shutdown().await;
    let older = world.copy();
    let log = world.open().await;
    add_many(&log, "after", 10).await;
    log.shutdown().await;

    let log = older.open().await;
    assert!(reason(&log).contains("older copy"), "{}", reason(&log));
    assert!(matches!(
        add(&log, "fork").await,
        Err(Error::ReadOnly { .. })
    ));
    assert_eq!(world.audit(&log).await.unwrap().head.size, 300);
    log.shutdown().await;
    // The latest copy is still good: nothing was written over the anchor.
    world.open_and_audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_does_not_contain_its_anchor_is_read_only() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, "common", 300).await;
    log.shutdown().await;
    let mut fork = world.copy();
    fork.anchor = world.anchor.snapshot();
    for (world, name) in [(&world, "one"), (&fork, "other")] {
        let log = world.open().await;
        add_many(&log, name, 20).await;
        log.shutdown().await;
    }
    fork.anchor.replace(world.anchor.stored());
    let log = fork.open().await;
    assert!(
        reason(&log).contains("does not contain"),
        "{}",
        reason(&log)
    );
    assert!(matches!(
        add(&log, "more").await,
        Err(Error::ReadOnly { .. })
    ));
}

#[tokio::test]
async fn a_missing_anchor_is_adopted_only_when_an_operator_says_so() {
    let mut world = World::new();
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    log.shutdown().await;
    world.anchor.replace(None);
    let log = world.open().await;
    assert!(
        reason(&log).contains("anchor is missing"),
        "{}",
        reason(&log)
    );
    world.config.adopts_missing_anchor = true;
    let log = world.open().await;
    add(&log, "another").await.unwrap();
    log.shutdown().await;
    assert_eq!(world.anchor.stored().unwrap().head, log.published().head);
}

#[tokio::test]
async fn an_anchor_that_trails_is_no_reason_to_stop() {
    let world = World::new();
    let log = world.open().await;
    add(&log, "a").await.unwrap();
    let trailing = world.anchor.stored();
    add(&log, "b").await.unwrap();
    log.shutdown().await;
    world.anchor.replace(trailing);
    assert_eq!(world.open_and_audit().await.published().head.size, 2);
    assert_eq!(world.anchor.stored().unwrap().head.size, 2);
}

#[tokio::test]
async fn an_anchor_that_cannot_be_written_stops_the_log() {
    let world = World::new();
    let log = world.open().await;
    world.anchor.set_failing(true);
    add(&log, "entry").await.unwrap();
    eventually("stopping", || log.health().read_only.is_some()).await;
    assert!(reason(&log).contains("anchor cannot be written"));
    world.audit(&log).await.unwrap();
    let log = world.open().await;
    assert!(reason(&log).contains("anchor cannot be written"));
}

#[tokio::test]
async fn a_lost_journal_is_not_taken_for_a_new_log() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, "entry", 300).await;
    eventually("flushing", || log.health().bundles_in_cold == 1).await;
    log.shutdown().await;
    let lost = World {
        journal: World::new().journal,
        ..world.copy()
    };
    let anchors = [
        world.anchor.stored(),
        None,
        // One that was made over that of the log.
        Some(Anchored::beginning()),
    ];
    for anchor in anchors {
        lost.anchor.replace(anchor);
        takes_nothing(&lost, "cold storage holds tiles").await;
        assert_eq!(lost.anchor.stored(), anchor);
    }
}

/// Opens a log of which nothing is stored: it has no head, and takes no entry.
async fn takes_nothing(lost: &World, why: &str) {
    let log = lost.open().await;
    assert!(reason(&log).contains(why), "{}", reason(&log));
    assert!(log.published().note.is_empty());
    let refused = add(&log, "fork").await;
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
    log.shutdown().await;
}

/// Nothing of it is stored.
fn lose(world: &World) -> World {
    World {
        journal: World::new().journal,
        cold: sigstead_cold::MemoryStorage::new(),
        ..world.copy()
    }
}

#[tokio::test]
async fn a_log_of_which_nothing_is_left_does_not_begin_again() {
    let world = World::new();
    let log = world.open().await;
    let opened = world.anchor.stored();
    add(&log, "entry").await.unwrap();
    log.shutdown().await;
    let lost = lose(&world);
    // Its anchor knows of the entry, or at least that the log was opened; or it is gone too.
    takes_nothing(&lost, "E-LOG-006").await;
    lost.anchor.replace(opened);
    assert_eq!(opened.unwrap().head.size, 0);
    takes_nothing(&lost, "E-LOG-006").await;
    lost.anchor.replace(None);
    takes_nothing(&lost, "E-LOG-008").await;
    assert_eq!(lost.anchor.stored(), None);
}

#[tokio::test]
async fn a_log_that_has_no_anchor_begins_when_an_operator_says_so() {
    let mut world = World::new();
    world.anchor.replace(None);
    takes_nothing(&world, "E-LOG-008").await;
    world.config.adopts_missing_anchor = true;
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    log.shutdown().await;
    world.config.adopts_missing_anchor = false;
    world.open_and_audit().await;
}

#[tokio::test]
async fn a_log_that_crashed_while_it_began_begins() {
    let world = World::new();
    let log = world.open().await;
    log.shutdown().await;
    // The first head is durable, and the anchor does not know of it yet.
    world.anchor.replace(Some(Anchored::beginning()));
    let log = world.open_and_audit().await;
    add(&log, "entry").await.unwrap();
    log.shutdown().await;
    // Or nothing was durable yet.
    let new = World::new();
    add(&new.open().await, "entry").await.unwrap();
}

#[tokio::test]
async fn an_anchor_that_was_made_over_that_of_a_log_with_entries_does_not_count() {
    let mut world = World::new();
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    log.shutdown().await;
    world.anchor.replace(Some(Anchored::beginning()));
    let log = world.open().await;
    assert!(reason(&log).contains("E-LOG-009"), "{}", reason(&log));
    assert!(add(&log, "fork").await.is_err());
    world.config.adopts_missing_anchor = true;
    add(&world.open().await, "another").await.unwrap();
}

#[tokio::test]
async fn a_copy_of_a_log_before_its_first_entry_needs_its_anchor() {
    let world = World::new();
    world.open().await.shutdown().await;
    let old = world.copy();
    old.anchor.replace(None);
    let log = old.open().await;
    assert!(reason(&log).contains("E-LOG-001"), "{}", reason(&log));
}

#[tokio::test]
async fn another_key_does_not_open_the_log() {
    let world = World::new();
    world.open().await.shutdown().await;
    let other = World {
        signer: Arc::new(TestSigner::new()),
        ..world.copy()
    };
    assert!(matches!(
        other.try_open().await,
        Err(Error::WrongKey { .. })
    ));
}

#[tokio::test]
async fn a_journal_that_was_changed_does_not_open() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, "entry", 30).await;
    log.shutdown().await;
    let refuse = async |change: fn(&mut sigstead_journal::Round)| {
        let world = world.copy();
        world
            .journal
            .damage(|rounds| change(rounds.back_mut().unwrap()));
        assert!(matches!(
            world.try_open().await,
            Err(Error::Inconsistent { .. })
        ));
    };
    refuse(|round| round.entries[0].leaf_hash = sigstead_merkle::LeafHash::of(b"x")).await;
    refuse(|round| round.entries[0].bundle = bytes::Bytes::from_static(b"\x00\x01x")).await;
    refuse(|round| round.head.root = sigstead_merkle::RootHash::of_empty()).await;
}

#[tokio::test]
async fn a_damaged_object_is_an_error_and_never_a_changed_answer() {
    let world = World::new();
    let log = world.open().await;
    add_many(&log, "full", 512).await;
    add_many(&log, "more", 300).await;
    let first = || world.journal.snapshot().load().unwrap()[0].first;
    eventually("trimming", || first() >= 512).await;
    log.shutdown().await;
    // A log opens without an old bundle, since its tree is whole; what it stands for is not made up.
    // In the second hash of a tile, and in the entry itself: those of the first bundle have eight bytes, of the next ten.
    for (path, entry, at) in [
        ("tile/0/000", None, 40),
        ("tile/entries/001", Some(300), 10 * 44 + 5),
        ("tile/entries/000", Some(3), 8 * 3 + 5),
    ] {
        for is_missing in [false, true] {
            let world = world.copy();
            let bytes = world.cold.get(path).await.unwrap().unwrap();
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 4;
            if is_missing {
                world.cold.remove(path);
            } else {
                world.cold.damage(path, flipped.into());
            }
            let Ok(log) = world.try_open().await else {
                continue;
            };
            let entry = LeafIndex::new(entry.unwrap());
            let refused = log.entry(entry).await;
            assert!(
                matches!(refused, Err(Error::ObjectDamaged { .. })),
                "{path}, missing: {is_missing}"
            );
        }
    }
    let log = world.open_and_audit().await;
    world
        .cold
        .damage("tile/entries/000", bytes::Bytes::from(vec![0; 9_000]));
    for refused in [
        log.entry(LeafIndex::new(3)).await.map(drop),
        world.audit(&log).await.map(drop),
    ] {
        assert!(
            matches!(refused, Err(Error::ObjectDamaged { path, .. }) if path == "tile/entries/000")
        );
    }
    add(&log, "goes on").await.unwrap();
}

#[tokio::test]
async fn other_content_in_cold_storage_stops_the_log() {
    let world = World::new();
    let log = world.open().await;
    world
        .cold
        .put("tile/0/000", bytes::Bytes::from_static(b"another log's"))
        .await
        .unwrap();
    add_many(&log, "entry", 300).await;
    eventually("stopping", || log.health().read_only.is_some()).await;
    assert!(reason(&log).contains("tile/0/000"), "{}", reason(&log));
}

#[tokio::test]
async fn a_panic_in_an_entry_leaves_nobody_waiting_and_other_logs_running() {
    struct Panics;
    impl sigstead_sequencer::PendingEntry for Panics {
        fn deduplication_key(&self) -> Option<[u8; 32]> {
            None
        }

        fn seal(
            &self,
            _: LeafIndex,
            _: u64,
        ) -> Result<sigstead_sequencer::SealedEntry, sigstead_sequencer::SealError> {
            panic!("on purpose")
        }
    }
    let (world, other) = (World::new(), World::new().open().await);
    let log = world.open().await;
    add(&log, "entry").await.unwrap();
    assert!(matches!(
        log.add(Box::new(Panics)).await,
        Err(Error::ReadOnly { .. })
    ));
    eventually("stopping", || log.health().read_only.is_some()).await;
    assert!(matches!(
        log.add(Text::boxed("late")).await,
        Err(Error::ReadOnly { .. })
    ));
    add(&other, "entry").await.unwrap();
    assert_eq!(world.audit(&log).await.unwrap().head.size, 1);
    world.open_and_audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_in_files_survives_restarts_and_a_torn_tail() {
    let directory = tempfile::tempdir().unwrap();
    let signer = Arc::new(TestSigner::new());
    let mut anchor = FileAnchor::new(directory.path().join("anchor"));
    anchor.begin().unwrap();
    let open = async || {
        let root = directory.path();
        let parts = LogParts {
            journal: Box::new(
                sigstead_journal::FileJournal::open_with(root.join("journal"), 64 * 1024).unwrap(),
            ),
            cold: Arc::new(sigstead_cold::DirectoryStorage::open(root.join("log")).unwrap()),
            anchor: Box::new(FileAnchor::new(root.join("anchor"))),
            head_signer: signer.clone(),
            cosigning: None,
            leaf_format: Arc::new(sigstead_sequencer::EntryLeaves),
            known: Arc::new(
                sigstead_index::Index::open(
                    &root.join("known"),
                    sigstead_index::IndexConfig::default(),
                )
                .unwrap()
                .0,
            ),
            clock: Arc::new(|| 1_000_000),
        };
        let log = Log::open(LogConfig::new("log.example.org"), parts)
            .await
            .unwrap();
        let audited = audit(&log, &*signer).await.unwrap();
        assert_eq!(audited.head, log.published().head);
        log
    };
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let log = open().await;
        assert_eq!(log.published().head.size, acknowledged.len() as u64);
        for (text, included) in add_many(&log, &format!("round {round}"), 700).await {
            acknowledged.push((text, included.unwrap().leaf_index));
        }
        check_acknowledged(&log, &acknowledged).await;
        log.shutdown().await;
        drop(log);
        tear(&directory.path().join("journal"));
    }
    let log = open().await;
    check_acknowledged(&log, &acknowledged).await;
    let full = log.published().head.size / 256;
    eventually("flushing", || log.health().bundles_in_cold == full).await;
    assert!(directory.path().join("log/tile/entries/009").is_file());
}

/// Leaves in the last segment what an append leaves whose first sector was not written.
fn tear(journal: &std::path::Path) {
    let segments = std::fs::read_dir(journal)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let last = segments
        .filter(|path| path.extension().is_some_and(|ending| ending == "segment"))
        .max()
        .unwrap();
    let mut bytes = std::fs::read(&last).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let torn = end.next_multiple_of(512) + 512;
    if let Some(sector) = bytes.get_mut(torn..torn + 512) {
        sector.fill(0x5a);
    }
    std::fs::write(last, bytes).unwrap();
}
