//! What is not published, and says why.

use ::http::StatusCode;
use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::{Root, Signed, Targets, target_path};
use sigstead_tuf::Error;

use crate::DAY;
use crate::world::{World, documents, ephemeral, public, write_key};

#[tokio::test]
async fn targets_that_went_back_are_refused() {
    let world = World::new().await;
    world.put_targets(2, &documents("second")).await;
    drop(world.start().await);
    world.remove("2.targets.json");
    let refused = world.try_start().await.unwrap_err();
    assert!(
        matches!(
            refused,
            Error::WentBack {
                role: "targets",
                published: 2,
                found: 1
            }
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn what_cannot_be_published_leaves_the_clients_what_they_had() {
    let world = World::new().await;
    let face = world.start().await;
    world.write("2.targets.json", b"{}");
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (1, 1, 1));
    // Due, and not yet at its end.
    world.clock.advance(6 * DAY);
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (1, 1, 1));
    world.clock.advance(DAY);
    let answer = face.get("/timestamp.json").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().contains("E-TUF-005"), "{}", answer.text());
    world.remove("2.targets.json");
    let update = face.update(&world.root(1), &world.clock).await;
    assert_eq!(update.versions(), (1, 1, 2));
}

#[tokio::test]
async fn a_missing_or_changed_target_refuses_to_start() {
    let world = World::new().await;
    let document = documents("first").pop().unwrap();
    let path = target_path(&document.name, &document.bytes);
    for content in [&b"changed"[..], b"", b"first\n", b"firsT"] {
        world.write(&path, content);
        let refused = world.try_start().await.unwrap_err();
        assert!(matches!(&refused, Error::TargetDiffers { name } if *name == document.name));
    }
    world.remove(&path);
    let refused = world.try_start().await.unwrap_err();
    assert!(matches!(&refused, Error::TargetMissing { name } if *name == document.name));
    assert!(!world.files().contains(&"timestamp.json".to_owned()));
}

#[tokio::test]
async fn a_key_that_the_root_does_not_name_refuses_to_start_by_its_fingerprint() {
    for (role, file, passphrase) in [
        ("snapshot", "snapshot.key", None),
        ("timestamp", "timestamp.key", Some("passphrase")),
    ] {
        let world = World::new().await;
        let other = write_key(&world.folder.path().join(file), passphrase);
        let fingerprint = other.public_key().unwrap().fingerprint();
        let refused = world.try_start().await.unwrap_err().to_string();
        assert!(refused.contains(&fingerprint), "{refused}");
        assert!(refused.contains(role), "{refused}");
    }
}

#[tokio::test]
async fn a_repository_that_is_not_whole_refuses_to_start() {
    let world = World::new().await;
    world.remove("1.targets.json");
    assert!(matches!(world.try_start().await, Err(Error::NoTargets)));
    world.remove("1.root.json");
    assert!(matches!(world.try_start().await, Err(Error::NoRoot)));
}

#[tokio::test]
async fn metadata_that_others_signed_refuses_to_start() {
    let world = World::new().await;
    let stranger = ephemeral();
    let targets = Targets::new(2, world.clock.now() + 9 * DAY, &[]);
    world.put(targets, &[&stranger]).await;
    let refused = world.try_start().await.unwrap_err();
    assert!(matches!(&refused, Error::Metadata { file, .. } if file == "2.targets.json"));

    let world = World::new().await;
    world.put_root(1, &[&stranger]).await;
    let refused = world.try_start().await.unwrap_err();
    assert!(matches!(&refused, Error::Metadata { file, .. } if file == "1.root.json"));
}

#[tokio::test]
async fn a_new_root_is_published_if_its_predecessor_signed_it() {
    let mut world = World::new().await;
    drop(world.start().await);
    let before = std::mem::replace(&mut world.root_key, ephemeral());
    world.put_root(2, &[&world.root_key]).await;
    let refused = world.try_start().await.unwrap_err();
    assert!(matches!(&refused, Error::Metadata { file, .. } if file == "2.root.json"));

    world.put_root(2, &[&before, &world.root_key]).await;
    let face = world.start().await;
    let newest = Signed::<Root>::parse(&face.file("/root.json").await).unwrap();
    assert_eq!(newest.signed, world.root(2));
    let first = Signed::<Root>::parse(&face.file("/1.root.json").await).unwrap();
    newest.verify(&first.signed).unwrap();
    drop(face);

    world.put_root(4, &[&world.root_key]).await;
    let refused = world.try_start().await.unwrap_err();
    assert!(matches!(&refused, Error::RootGap { file } if file == "3.root.json"));
}

#[tokio::test]
async fn an_unreadable_snapshot_is_not_passed_over() {
    let world = World::new().await;
    drop(world.start().await);
    world.write("1.snapshot.json", b"");
    let refused = world.try_start().await.unwrap_err();
    assert!(matches!(&refused, Error::Metadata { file, .. } if file == "1.snapshot.json"));
}

#[tokio::test]
async fn a_key_of_another_role_does_not_stand_in() {
    let world = World::new().await;
    let targets = Targets::new(2, world.clock.now() + 9 * DAY, &[]);
    assert_ne!(public(&world.root_key), public(&world.targets_key));
    world.put(targets, &[&world.root_key]).await;
    assert!(matches!(
        world.try_start().await,
        Err(Error::Metadata { .. })
    ));
}
