//! A log in a process at the limit of its descriptors. The only test of its process, because the limit is the process's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::process::{Resource, getrlimit, setrlimit};
use sigstead_cold::DirectoryStorage;
use sigstead_journal::FileJournal;
use sigstead_sequencer::{Error, FileAnchor, Log, LogParts};
use world::{World, add, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_goes_on_with_its_reserve_and_without_any_descriptor_waits_for_one() {
    let world = World::new();
    let scratch = tempfile::tempdir().unwrap();
    let log = open(&world, scratch.path()).await;
    add(&log, "before").await.unwrap();

    limit(256);
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    // Far more than a segment holds, and than the bundles that memory keeps.
    for number in 0..300 {
        add(&log, &format!("with the reserve {number}"))
            .await
            .unwrap();
    }
    eventually("cold storage", || {
        scratch.path().join("tiles/tile/0/000").exists()
    })
    .await;

    limit(3);
    let mut count = 0;
    let refused = loop {
        match add(&log, &format!("without {count}")).await {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
        assert!(count < 100, "no segment was filled");
    };
    assert!(matches!(refused, Error::Exhausted { .. }), "{refused:?}");
    let health = log.health();
    assert_eq!(health.read_only, None);
    let reason = health.takes_none_because().unwrap().to_owned();
    assert!(reason.contains("Too many open files"), "{reason}");

    limit(1_024);
    drop(taken);
    eventually("descriptors", || {
        log.health().takes_none_because().is_none()
    })
    .await;
    let after = add(&log, "after").await.unwrap();
    assert_eq!(after.leaf_index.value(), 301 + count);
    log.shutdown().await;
    let log = open(&world, scratch.path()).await;
    assert_eq!(world.audit(&log).await.unwrap().head.size, 302 + count);
}

async fn open(world: &World, directory: &Path) -> Log {
    FileAnchor::new(directory.join("anchor")).begin().unwrap();
    let parts = LogParts {
        journal: Box::new(FileJournal::open_with(directory.join("journal"), 4_096).unwrap()),
        cold: Arc::new(DirectoryStorage::open(directory.join("tiles")).unwrap()),
        anchor: Box::new(FileAnchor::new(directory.join("anchor"))),
        ..world.parts()
    };
    Log::open(world.config.clone(), parts).await.unwrap()
}

fn limit(descriptors: u64) {
    let mut limits = getrlimit(Resource::Nofile);
    limits.current = Some(descriptors);
    setrlimit(Resource::Nofile, limits).unwrap();
}
