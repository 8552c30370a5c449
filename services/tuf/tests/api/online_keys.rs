//! Snapshot and timestamp keys that follow one another.

use std::fs;

use ::http::StatusCode;
use sigstead_config::tuf::{Successor, SuccessorsFile};
use sigstead_trust_root::tuf::{Signed, Snapshot, Timestamp};

use crate::DAY;
use crate::world::{World, key_config, write_key};

/// Makes the keys of the next root and lists them. Gives a world whose roots name them.
fn list_next(world: &mut World) {
    let place = |name: &str| world.folder.path().join(name);
    let next = Successor {
        snapshot_key: key_config(&place("snapshot-2.key"), None),
        timestamp_key: key_config(&place("timestamp-2.key"), None),
    };
    let file = SuccessorsFile {
        successors: vec![next],
    };
    let text = sigstead_config::to_yaml(&file).unwrap();
    fs::write(place("successors.yaml"), text).unwrap();
    let (snapshot, timestamp) = (place("snapshot-2.key"), place("timestamp-2.key"));
    world.snapshot_key = write_key(&snapshot, None);
    world.timestamp_key = write_key(&timestamp, None);
}

#[tokio::test]
async fn clients_of_the_root_before_and_of_the_next_one_accept_what_is_signed() {
    let mut world = World::new().await;
    let before = world.root(1);
    list_next(&mut world);
    let face = world.start().await;
    let update = face.update(&before, &world.clock).await;
    assert_eq!(update.versions(), (1, 1, 1), "no root names the next keys");
    world.put_root(2, &[&world.root_key]).await;
    // The timestamp is due, so the request looks into the directory.
    world.clock.advance(6 * DAY);
    let old = face.update(&before, &world.clock).await;
    assert_eq!(old.versions(), (1, 2, 2));
    assert_eq!(face.update(&world.root(2), &world.clock).await, old);
    // Once the root before names the next keys too, they sign alone.
    world.put_root(3, &[&world.root_key]).await;
    world.clock.advance(20 * DAY);
    face.update(&world.root(3), &world.clock).await;
    let timestamp = Signed::<Timestamp>::parse(&face.file("/timestamp.json").await).unwrap();
    assert!(timestamp.verify(&before).is_err());
}

#[tokio::test]
async fn a_root_is_not_shown_before_all_that_its_keys_sign_is_there() {
    let mut world = World::new().await;
    let before = world.root(1);
    list_next(&mut world);
    let face = world.start().await;
    world.put_root(2, &[&world.root_key]).await;
    // The disk takes the snapshot and not the timestamp, as if the service had been killed between the two.
    let in_the_way = world.repository().join("timestamp.json.new");
    fs::create_dir(&in_the_way).unwrap();
    world.clock.advance(6 * DAY);
    let update = face.update(&before, &world.clock).await;
    assert_eq!(update.versions(), (1, 1, 1));
    assert_eq!(face.get("/2.root.json").await.status, StatusCode::NOT_FOUND);
    let snapshot = Signed::<Snapshot>::parse(&face.file("/2.snapshot.json").await).unwrap();
    snapshot.verify(&world.root(2)).unwrap();
    fs::remove_dir(&in_the_way).unwrap();
    drop(face);
    let face = world.start().await;
    face.file("/2.root.json").await;
    let update = face.update(&world.root(2), &world.clock).await;
    assert_eq!(update.versions(), (1, 2, 2));
}

#[tokio::test]
async fn keys_that_no_root_names_may_be_gone_and_the_newest_may_not() {
    let mut world = World::new().await;
    list_next(&mut world);
    world.put_root(2, &[&world.root_key]).await;
    drop(world.start().await);
    for gone in ["snapshot.key", "timestamp.key"] {
        fs::remove_file(world.folder.path().join(gone)).unwrap();
    }
    let face = world.start().await;
    face.update(&world.root(2), &world.clock).await;
    fs::remove_file(world.folder.path().join("snapshot-2.key")).unwrap();
    let refused = world.try_start().await.err().unwrap();
    assert!(
        matches!(refused, sigstead_tuf::Error::KeyOpen(_)),
        "{refused}"
    );
}
