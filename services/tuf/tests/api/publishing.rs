//! What is signed, and when.

use ::http::StatusCode;
use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::target_path;

use crate::world::{self, World, documents, write_key};
use crate::{DAY, whole};

#[tokio::test]
async fn the_first_start_signs_snapshot_and_timestamp() {
    let world = World::new().await;
    let face = world.start().await;
    let expected = [
        "1.root.json",
        "1.snapshot.json",
        "1.targets.json",
        "targets",
        "timestamp.json",
    ];
    assert_eq!(world.files(), expected);
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (1, 1, 1));
    let now = world.clock.now();
    assert_eq!(update.timestamp.expires, whole(now + 7 * DAY));
    assert_eq!(update.snapshot.expires, whole(now + 21 * DAY));
}

#[tokio::test]
async fn a_restart_keeps_every_version_and_every_byte() {
    let world = World::new().await;
    let face = world.start().await;
    let before = (
        face.file("/root.json").await,
        face.file("/1.snapshot.json").await,
        face.file("/timestamp.json").await,
    );
    drop(face);
    world.clock.advance(DAY);
    let face = world.start().await;
    let after = (
        face.file("/root.json").await,
        face.file("/1.snapshot.json").await,
        face.file("/timestamp.json").await,
    );
    assert!(before == after);
    assert_eq!(
        face.get("/2.snapshot.json").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_first_request_after_a_long_sleep_is_answered_with_fresh_metadata() {
    let world = World::new().await;
    let face = world.start().await;
    world.clock.advance(45 * DAY);
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (1, 2, 2));
    let again = face.update(&world.root(1), &world.clock).await;
    assert_eq!(again, update, "nothing is signed without a reason");
}

#[tokio::test]
async fn the_timestamp_is_signed_anew_before_it_ends_and_the_snapshot_is_kept() {
    let world = World::new().await;
    let face = world.start().await;
    for (days, versions) in [
        (4, (1, 1, 1)),
        (1, (1, 1, 2)),
        (5, (1, 1, 3)),
        (9, (1, 2, 4)),
    ] {
        world.clock.advance(days * DAY);
        let update = face.update(&world.root(1), &world.clock).await;
        assert_eq!(update.versions(), versions, "{days} days later");
    }
}

#[tokio::test]
async fn many_first_requests_after_a_sleep_make_one_timestamp() {
    let world = World::new().await;
    let face = world.start().await;
    world.clock.advance(10 * DAY);
    let requests = (0..20).map(|_| face.file("/timestamp.json"));
    let files = futures::future::join_all(requests).await;
    assert!(files.iter().all(|file| *file == files[0]));
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.timestamp.version, 2);
}

#[tokio::test]
async fn metadata_of_a_clock_that_was_far_ahead_is_replaced() {
    let world = World::new().await;
    world.clock.advance(1000 * DAY);
    drop(world.start().await);
    world.clock.set(world::now());
    let face = world.start().await;
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (1, 2, 2));
    assert_eq!(update.timestamp.expires, whole(world.clock.now() + 7 * DAY));
}

#[tokio::test]
async fn new_targets_are_published_and_the_old_files_stay() {
    let world = World::new().await;
    let face = world.start().await;
    world.put_targets(2, &documents("second")).await;
    // The timestamp is due, so the request looks into the directory.
    world.clock.advance(6 * DAY);
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (2, 2, 2));
    for old in ["/1.targets.json", "/1.snapshot.json"] {
        face.file(old).await;
    }
    for document in documents("first").iter().chain(&documents("second")) {
        let path = target_path(&document.name, &document.bytes);
        assert_eq!(face.file(&format!("/{path}")).await, document.bytes);
    }
}

#[tokio::test]
async fn new_targets_are_published_at_a_start() {
    let world = World::new().await;
    drop(world.start().await);
    world.put_targets(2, &documents("second")).await;
    let face = world.start().await;
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (2, 2, 2));
}

#[tokio::test]
async fn a_root_with_new_online_keys_has_everything_signed_anew() {
    let mut world = World::new().await;
    drop(world.start().await);
    world.snapshot_key = write_key(&world.folder.path().join("snapshot.key"), None);
    world.put_root(2, &[&world.root_key]).await;
    let face = world.start().await;
    let update = face.update(&world.root(2), &world.clock).await;
    assert_eq!(update.versions(), (1, 2, 2));
}
